#!/usr/bin/env bash
# Amaranth 0.5.10: streams of other payload shapes connect without a word when their widths agree.
#
# Behaviour: `wiring.connect` compares the widths of members, not their shapes. A stream of signed(8)
#   joins one of unsigned(8), and one of a structure joins one with the fields the other way round:
#   -1 arrives as 255, and a pair arrives swapped.
# Usual guess: a connection of interfaces whose signatures differ is refused, as it is for widths.
# What to do: compare `signature` (or the payload's shape) before connecting.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check amaranth==0.5.10
"$work/venv/bin/python" - <<'PYTHON'
import sys

import amaranth
from amaranth.hdl import Module, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.sim import Simulator

PAIR = data.StructLayout({"first": 8, "second": 8})
TURNED = data.StructLayout({"second": 8, "first": 8})


class Crossing(wiring.Component):
    """A constant in one stream, and what the other makes of it."""

    def __init__(self, sent_shape, constant, taken_shape, take):
        self.shapes, self.constant, self.take = (sent_shape, taken_shape), constant, take
        super().__init__({"result": wiring.Out(16)})

    def elaborate(self, platform):
        module = Module()
        sent, taken = (stream.Signature(shape).create() for shape in self.shapes)
        wiring.connect(module, sent, wiring.flipped(taken))
        module.d.comb += [sent.payload.eq(self.constant),
                          self.result.eq(self.take(taken.payload))]
        return module


def across(*arguments):
    """What arrives when a stream of one shape is connected to one of another."""
    crossing, seen = Crossing(*arguments), []
    simulator = Simulator(crossing)

    async def bench(context):
        await context.delay(1e-9)
        seen.append(context.get(crossing.result))

    simulator.add_testbench(bench)
    simulator.run()
    return seen[0]


minus_one = across(signed(8), -1, unsigned(8), lambda payload: payload)
first = across(PAIR, PAIR.const({"first": 1, "second": 2}), TURNED, lambda payload: payload.first)
print(f"Amaranth {amaranth.__version__}: -1 of signed(8) arrives as {minus_one} in unsigned(8); "
      f"'first' of 1 arrives as {first} in a structure with the fields turned")
if (minus_one, first) != (255, 2):
    sys.exit("changed: the values arrive otherwise")
print("as found: both connections were made without a word")
PYTHON
