"""Order of work: walks the blocks, tiles and row groups of matrix commands."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.units.ternary import DELIVERY_BITS

from sterna_hw.component import Component
from sterna_hw.layouts import matmul_command


def step_layout(machine: Machine) -> StructLayout:
    """What the pipeline must know of a weight word.

    ``slot``: row group in its block, from 1; ``first`` and ``last``: first and last tile of the row
    group; ``destination``: where its results go. Where a matrix may have several planes ``power``
    is that of three which the sums count, and ``shift`` that of the results.
    """
    slot_bits, planes = machine.ternary.block_groups.bit_length(), machine.ternary.planes
    several = {"power": range(planes), "shift": DELIVERY_BITS} if planes > 1 else {}
    return StructLayout({"slot": slot_bits, "first": 1, "last": 1, "destination": 1, **several})


class Issue(Component):
    """Says for each clock which weight word comes next; the next command follows without a gap.

    A command takes ``blocks * tiles * planes * groups`` steps: tiles within blocks, planes within
    tiles, row groups within planes.
    It is accepted while none is active or in the clock of the last step of the active one; its
    first step can be in the next clock.

    Members:
        commands: In, stream of `matmul_command`; ``groups`` in 1 .. block_groups, ``blocks``,
            ``tiles`` and ``planes`` at least 1.
        active: Out(1), there is a next step; the outputs below describe it.
        step: Out, `step_layout`.
        tile: Out, column tile of the codes.
        closing: Out(1), this tile is the last one of a command that releases the codes.
        turn: Out(1), after this step the tile changes or the command ends.
        release: Out(1), after this step the codes are done with.
        advance: In(1), the step happens in this clock. Only while ``active``.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        tiles = machine.ternary.code_depth // machine.ternary.columns
        super().__init__({
            "commands": In(stream.Signature(matmul_command(machine))),
            "active": Out(1),
            "step": Out(step_layout(machine)),
            "tile": Out(range(tiles)),
            "closing": Out(1),
            "turn": Out(1),
            "release": Out(1),
            "advance": In(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        command = Signal.like(self.commands.payload, reset_less=True)
        final = Signal()
        first = Signal(init=1)
        # The counters start at one and are compared for equality: a counter with reset and a row of
        # look-up tables, where counting down would need a multiplexer for the reload. They run one
        # ahead, so that the comparisons leave registers.
        offered = self.commands.payload
        last_group, group = self._counter(m, "group", command.groups, offered.groups)
        last_tile, tile = self._counter(m, "tile", command.tiles, offered.tiles)
        last_block, block = self._counter(m, "block", command.blocks, offered.blocks)
        last_pass, planes = last_group, self._machine.ternary.planes
        last = last_tile
        if planes > 1:
            last_plane, plane = self._counter(m, "plane", command.planes, offered.planes)
            last_pass, last = last_group & last_plane, last_tile & last_plane
            m.d.comb += [plane.eq(self.advance & last_group), self.step.shift.eq(command.shift)]
            with m.If(plane):
                m.d.sync += self.step.power.eq(Mux(last_plane, 0, self.step.power + 1))
        m.d.comb += [
            final.eq(last_pass & last_tile & last_block),
            self.step.first.eq(first),
            self.step.last.eq(last),
            self.step.destination.eq(command.destination),
            self.closing.eq(last_tile & command.release),
            self.turn.eq(last_pass & (final | (command.tiles != 1))),
            self.release.eq(final & command.release),
            self.commands.ready.eq(~self.active | (self.advance & final)),
            group.eq(self.advance),
            tile.eq(self.advance & last_pass),
            block.eq(self.advance & last_pass & last_tile),
        ]

        with m.If(self.advance):
            m.d.sync += self.step.slot.eq(self.step.slot + 1)
            with m.If(last_group):
                m.d.sync += [self.step.slot.eq(1), self.tile.eq(self.tile + 1), first.eq(0)]
                with m.If(last_tile):
                    m.d.sync += [self.tile.eq(0), first.eq(1)]
                if planes > 1:
                    with m.If(~last_pass):
                        m.d.sync += [self.tile.eq(self.tile), first.eq(0)]
            with m.If(final):
                m.d.sync += self.active.eq(0)
        with m.If(self.commands.ready):
            m.d.sync += [command.eq(self.commands.payload), self.step.slot.eq(1)]
            with m.If(self.commands.valid):
                m.d.sync += self.active.eq(1)
        return m

    def _counter(self, m: Module, name: str, count: Any, offered: Any) -> tuple[Signal, Signal]:
        """Whether this is the last of ``count``, in a register, and the input that goes on."""
        last, go = Signal(name=f"last_{name}"), Signal(name=f"next_{name}")
        ahead = Signal(len(count) + 1, init=2, name=f"{name}_after")
        with m.If(go):
            with m.If(last):
                m.d.sync += [ahead.eq(2), last.eq(count == 1)]
            with m.Else():
                m.d.sync += [ahead.eq(ahead + 1), last.eq(ahead == count)]
        with m.If(self.commands.ready):
            m.d.sync += [ahead.eq(2), last.eq(offered == 1)]
        return last, go
