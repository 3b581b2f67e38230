"""The ids of texts: those that were made and are not acknowledged, and those that end one."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Value, unsigned
from amaranth.lib import memory
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.units.generate import MOST_ENDS

from sterna_hw.component import Component
from sterna_hw.generate.texts import ID_BITS, POSITION_BITS, window_of


class IdStore(Component):
    """A ring of at least a window of ids for each token stream, and its end tokens.

    Ids of the ring are those of rows that are there, which have an INPUT word.

    Members:
        write: In(1), stream, position, new: In: the id at a position of a text.
        read_stream, read_position: In, an id to read; id: Out, it, in the clock after.
        end_write: In(1), end_stream, end, new_end: In: end token ``end`` of a stream; end_id: Out,
            that which was there, in the clock after.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        number = range(max(2, machine.streams))
        super().__init__({
            "write": In(1), "stream": In(number), "position": In(POSITION_BITS),
            "new": In(ID_BITS),
            "read_stream": In(number), "read_position": In(POSITION_BITS), "id": Out(ID_BITS),
            "end_write": In(1), "end_stream": In(number), "end": In(range(MOST_ENDS)),
            "new_end": In(ID_BITS), "end_id": Out(ID_BITS),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        streams, unit = self._machine.streams, self._machine.generates
        assert unit is not None
        bits = max(1, (window_of(self._machine) - 1).bit_length())

        def address(stream: Value, place: Value) -> Value:
            return Cat(place, stream if streams > 1 else Const(0, 0))

        m.submodules.ring = ring = memory.Memory(
            shape=unsigned(unit.row_bits(self._machine)), depth=streams << bits, init=[])
        m.submodules.ends = ends = memory.Memory(
            shape=unsigned(ID_BITS), depth=streams * MOST_ENDS, init=[])
        write = ring.write_port()
        read = ring.read_port()
        end_write = ends.write_port()
        end_read = ends.read_port()
        m.d.comb += [
            write.en.eq(self.write), write.data.eq(self.new),
            write.addr.eq(address(self.stream, self.position[:bits])),
            read.addr.eq(address(self.read_stream, self.read_position[:bits])),
            self.id.eq(read.data),
            end_write.en.eq(self.end_write), end_write.data.eq(self.new_end),
            end_write.addr.eq(address(self.end_stream, self.end)),
            end_read.addr.eq(address(self.end_stream, self.end)),
            self.end_id.eq(end_read.data),
        ]
        return m
