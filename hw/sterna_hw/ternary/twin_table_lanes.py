"""Lanes with two sets of tables: one is written while the other one is read."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In
from sterna.machine.triples import STEPS

from sterna_hw.layouts import matmul_command, text_block
from sterna_hw.stream import connect_streams
from sterna_hw.ternary.table_fill import TableFill
from sterna_hw.ternary.table_lanes import TableLanes
from sterna_hw.ternary.tile_walk import TileWalk


class TwinTableLanes(TableLanes):
    """As `TableLanes`, but the tables of the next tile are written during this one.

    A tile waits for its tables only if that before it has fewer words than they take clocks, or if
    its codes come late. The two sets lie in the same memories, whose cells hold 32 words on Xilinx
    parts.

    Members, beside those of `Lanes`:
        commands: In, stream of `matmul_command`, or of `text_block` where texts share the lanes:
            those whose words follow, at most two further ones before them.
    """

    settles = False
    ahead = True

    def _members(self) -> dict[str, Any]:
        commands = text_block if self._machine.shared else matmul_command
        return {"commands": In(stream.Signature(commands(self._machine)))}

    def _fill(self, m: Module, banks: Any, fill: TableFill) -> tuple[Value, Value]:
        m.submodules.walk = walk = TileWalk(self._machine)
        releases: Value = fill.done & walk.release
        if self._machine.shared:
            releases = releases << self._walk_text_blocks(m, banks, walk)
        else:
            connect_streams(m, self.commands, walk.commands)
        busy = Signal()
        begins = Signal()
        turns = Signal()
        room = Signal(init=1)
        m.d.comb += [
            begins.eq(walk.active & ~busy & room & (
                banks.complete | (banks.available & ~walk.closing))),
            turns.eq(self.advance & self.turn),
            banks.tile.eq(walk.tile),
            walk.advance.eq(fill.done),
            banks.release.eq(releases),
        ]
        m.d.sync += fill.start.eq(begins)
        with m.If(fill.done | begins):
            m.d.sync += busy.eq(begins)

        # Of both sets, those that hold the tables of a tile which is not done with.
        with m.If(fill.done & ~turns):
            m.d.sync += [self.ready.eq(1), room.eq(~self.ready)]
        with m.Elif(turns & ~fill.done):
            m.d.sync += [self.ready.eq(~room), room.eq(1)]

        written = Signal()
        read = Signal()
        with m.If(fill.valid & (fill.index == len(STEPS))):
            m.d.sync += written.eq(~written)
        with m.If(turns):
            m.d.sync += read.eq(~read)
        set_read: Value = read
        for clock in range(self.word_delay + 1):
            later = Signal(name=f"read_{clock + 1}", attrs={"shreg_extract": "no"})
            m.d.sync += later.eq(set_read)
            set_read = later
        return Cat(written), Cat(set_read)

    def _walk_text_blocks(self, m: Module, banks: Any, walk: TileWalk) -> Signal:
        """The walk goes through blocks of several texts; returns whose its tile is."""
        blocks = self.commands
        text = Signal(range(self._machine.texts), name="walked")
        m.d.comb += [
            walk.commands.payload.eq(blocks.payload.command),
            walk.commands.valid.eq(blocks.valid), blocks.ready.eq(walk.commands.ready),
            banks.text.eq(text),
        ]
        with m.If(blocks.valid & blocks.ready):
            m.d.sync += text.eq(blocks.payload.text)
        return text
