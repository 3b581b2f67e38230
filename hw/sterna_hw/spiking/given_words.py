"""Codes of neurons as groups of words for the vector unit."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import fifo, stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine

from sterna_hw.component import Component
from sterna_hw.layouts import word_group
from sterna_hw.spiking.code_memory import code_word


class GivenWords(Component):
    """Puts codes of ``neuron_lanes`` neurons together to groups of the vector unit's lanes.

    Up to ``given_depth`` groups wait; whoever gives codes knows that they find room, and does not
    begin before ``empty``. Throughput: one word of codes a clock. Latency: 3 clocks from the last
    of a group.

    Members:
        valid: In(1), codes: In, `code_word`; last: In(1), the group ends here, whole or not.
        words: Out, stream of `word_group`: the codes, as integers.
        empty: Out(1), no group waits, and none has begun.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        super().__init__({
            "valid": In(1), "codes": In(code_word(machine)), "last": In(1),
            "words": Out(stream.Signature(word_group(machine))),
            "empty": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        neurons, lanes = self._machine.neurons, self._machine.vector.lanes
        parts, width = lanes // neurons.lanes, neurons.lanes * neurons.code_bits
        group = Signal(parts * width)
        part = Signal(range(max(2, parts)))
        m.submodules.queue = queue = fifo.SyncFIFOBuffered(
            width=parts * width, depth=max(2, neurons.given_depth))
        whole = self.last | (part == parts - 1)
        m.d.sync += queue.w_en.eq(self.valid & whole)
        m.d.comb += queue.w_data.eq(group)
        with m.If(self.valid):
            m.d.sync += [
                part.eq(part + 1),
                group.word_select(part if parts > 1 else Const(0), width).eq(self.codes.as_value()),
            ]
            with m.If(whole):
                m.d.sync += part.eq(0)
        codes = [Cat(queue.r_data).word_select(lane, neurons.code_bits).as_signed()
                 for lane in range(lanes)]
        m.d.comb += [
            self.words.valid.eq(queue.r_rdy),
            queue.r_en.eq(self.words.ready),
            *(word.eq(code) for word, code in zip(self.words.payload, codes, strict=True)),
            self.empty.eq((queue.r_level == 0) & ~queue.w_en & (part == 0)),
        ]
        return m
