"""Order of the column tiles whose tables matrix commands need."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine

from sterna_hw.component import Component
from sterna_hw.layouts import matmul_command


class TileWalk(Component):
    """Says which tile's tables come next: the tiles of `Issue`, as far ahead as it is let.

    A command takes ``blocks * tiles`` steps, one if it has a single tile. It is accepted while none
    is active or in the clock of its last step; its first step can be in the next clock.

    Members:
        commands: In, stream of `matmul_command`, as those of `Issue`.
        active: Out(1), there is a next tile; the outputs below describe it.
        tile: Out, column tile of the codes.
        closing: Out(1), this tile is the last one of a command that releases the codes.
        release: Out(1), after this step the codes are done with.
        advance: In(1), the step happens in this clock. Only while ``active``.
    """

    def __init__(self, machine: Machine) -> None:
        super().__init__({
            "commands": In(stream.Signature(matmul_command(machine))),
            "active": Out(1),
            "tile": Out(range(machine.ternary.tiles)),
            "closing": Out(1),
            "release": Out(1),
            "advance": In(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        offered = self.commands.payload
        tiles = Signal.like(offered.tiles, reset_less=True)
        left = Signal.like(offered.blocks, reset_less=True)
        releases = Signal(reset_less=True)
        last_tile = Signal()
        final = Signal()
        m.d.comb += [
            last_tile.eq(self.tile + 1 == tiles),
            final.eq(last_tile & (left == 1)),
            self.closing.eq(last_tile & releases),
            self.release.eq(final & releases),
            self.commands.ready.eq(~self.active | (self.advance & final)),
        ]
        with m.If(self.advance):
            m.d.sync += self.tile.eq(self.tile + 1)
            with m.If(last_tile):
                m.d.sync += [self.tile.eq(0), left.eq(left - 1)]
            with m.If(final):
                m.d.sync += self.active.eq(0)
        with m.If(self.commands.ready):
            m.d.sync += [
                tiles.eq(offered.tiles), releases.eq(offered.release),
                left.eq(Mux(offered.tiles == 1, 1, offered.blocks)),
            ]
            with m.If(self.commands.valid):
                m.d.sync += self.active.eq(1)
        return m
