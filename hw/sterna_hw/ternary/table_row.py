"""One matrix row of table lanes: signed table entries, summed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value, signed
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.law.planes import full, reach, signed_bits
from sterna.machine.triples import TRIPLE

from sterna_hw.component import Component
from sterna_hw.ternary.folded_adder import FoldedAdder
from sterna_hw.ternary.xilinx import ThreeAdder, xilinx_family


def entry_bits() -> int:
    """Width of a table entry, a sum of three codes."""
    return _bits(1)


def _bits(triples: int) -> int:
    """Width of a signed sum of entries, of which any may still miss the one of its negation."""
    return signed_bits(reach(full(TRIPLE * triples)) + triples)


def row_sum_bits(triples: int) -> int:
    """Width of the sum of ``triples`` entries."""
    return _bits(triples)


def row_latency(triples: int) -> int:
    """Clocks from entries to their sum."""
    return (triples - 1).bit_length()


@dataclass
class _Node:
    """A partial sum; ``carries`` are the negations whose plus one is still to be added."""

    value: Value
    invert: Value | None
    triples: int
    carries: list[Signal]


class TableRow(Component):
    """``total + carry = sum(±entry)``, latency `row_latency`, one set of entries a clock.

    A negation is an inversion inside the first adder and a one that is added by the carry of some
    adder above: there is one negation more than there are adders, so the last one is left to
    whoever adds the total to an accumulator. On Xilinx parts adders above the first level take
    three operands and two carries; what that saves in levels the total waits.

    Members:
        entries: In, ``triples`` signed entries.
        negate: In(triples), which of them to negate.
        total: Out(signed(row_sum_bits(triples))).
        carry: Out(1), to be added to ``total``.

    Args:
        triples: at least 2.
    """

    def __init__(self, triples: int) -> None:
        if triples < 2:
            raise ValueError(f"a row needs at least two tables, not {triples}")
        self._triples = triples
        super().__init__({
            "entries": In(ArrayLayout(signed(entry_bits()), triples)),
            "negate": In(triples),
            "total": Out(signed(row_sum_bits(triples))),
            "carry": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        family = xilinx_family(platform)
        level = [_Node(self.entries[index], self.negate[index], 1, [self.negate[index]])
                 for index in range(self._triples)]
        for depth in range(1, row_latency(self._triples) + 1):
            operands = 2 if family is None or depth == 1 else 3
            groups = [level[index:index + operands] for index in range(0, len(level), operands)]
            level = [self._sum(m, f"{depth}_{index}", group, family)
                     for index, group in enumerate(groups)]
        m.d.comb += [self.total.eq(level[0].value), self.carry.eq(level[0].carries[0])]
        return m

    def _sum(self, m: Module, name: str, nodes: list[_Node], family: str | None) -> _Node:
        """The registered sum of two or three nodes, or the one node a clock later."""
        carries = [carry for node in nodes for carry in node.carries]
        triples = sum(node.triples for node in nodes)
        value = Signal(signed(_bits(triples)), name=f"sum_{name}", reset_less=True)
        invert = None
        if len(nodes) == 1:
            invert_now = nodes[0].invert if family is not None else None
            if invert_now is not None:
                # An adder of three operands has no inputs left to invert them.
                m.d.sync += value.eq(nodes[0].value ^ invert_now.replicate(len(value)))
            else:
                m.d.sync += value.eq(nodes[0].value)
            if nodes[0].invert is not None and invert_now is None:
                invert = Signal(name=f"invert_{name}", reset_less=True)
                m.d.sync += invert.eq(nodes[0].invert)
        elif len(nodes) == 3 and family is not None:
            values = [node.value for node in nodes]
            m.submodules[f"adder_{name}"] = three = ThreeAdder(
                family, [len(part) for part in values], len(value))
            m.d.comb += [port.eq(part)
                         for port, part in zip((three.a, three.b, three.c), values, strict=True)]
            m.d.comb += three.carries.eq(Cat(carries.pop(0), carries.pop(0)))
            m.d.sync += value.eq(three.total)
        else:
            left, right = nodes
            m.submodules[f"adder_{name}"] = adder = FoldedAdder(
                len(left.value), len(right.value), len(value))
            m.d.comb += [
                adder.a.eq(left.value),
                adder.b.eq(right.value),
                adder.carry.eq(carries.pop(0)),
            ]
            for port, node in ((adder.control, left), (adder.invert_b, right)):
                if node.invert is not None:
                    m.d.comb += port.eq(node.invert)
            m.d.sync += value.eq(adder.total)
        waiting = []
        for index, carry in enumerate(carries):
            later = Signal(name=f"carry_{name}_{index}", reset_less=True)
            m.d.sync += later.eq(carry)
            waiting.append(later)
        return _Node(value, invert, triples, waiting)
