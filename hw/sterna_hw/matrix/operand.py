"""An operand of a pass: groups of words come in, elements are read."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal, signed
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine

from sterna_hw.component import Component
from sterna_hw.layouts import word_group
from sterna_hw.memory.storage import Storage


def indices(count: int) -> range:
    """What numbers so many things, of at least a bit."""
    return range(max(2, count))


class Operand(Component):
    """The words of a vector. One group is written and one element read in a clock.

    Members:
        write: In(1), words: In, `word_group`; they become the group ``write_group``.
        group, lane: In, where an element is; element: Out, it, 2 clocks later.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        groups = indices(machine.matrix.operand_depth)
        super().__init__({
            "write": In(1), "write_group": In(groups), "words": In(word_group(machine)),
            "group": In(groups), "lane": In(indices(machine.vector.lanes)),
            "element": Out(signed(machine.vector.word_bits)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        layout = word_group(self._machine)
        m.submodules.store = store = Storage(layout.size, self._machine.matrix.operand_depth)
        words = Signal(layout, name="read_words")
        lane = Signal.like(self.lane, name="read_lane")
        m.d.comb += [
            store.write_enable.eq(self.write), store.write_address.eq(self.write_group),
            store.write_data.eq(self.words),
            store.enable.eq(1), store.address.eq(self.group), words.as_value().eq(store.data),
        ]
        m.d.sync += [
            lane.eq(self.lane),
            self.element.eq(words[lane] if self._machine.vector.lanes > 1 else words[0]),
        ]
        return m


def next_element(m: Module, machine: Machine, group: Signal, lane: Signal) -> tuple[Signal, Signal]:
    """The place of the element behind one, combinational."""
    after_group = Signal.like(group, name="next_group")
    after_lane = Signal.like(lane, name="next_lane")
    ends = lane == machine.vector.lanes - 1
    m.d.comb += [after_group.eq(group + ends), after_lane.eq(lane + 1)]
    with m.If(ends):
        m.d.comb += after_lane.eq(0)
    return after_group, after_lane
