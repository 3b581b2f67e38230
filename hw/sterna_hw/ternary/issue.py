"""Order of work: walks the blocks, tiles and row groups of matrix commands."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import stream
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.program.configuration import HardwareConfiguration

from sterna_hw.component import Component
from sterna_hw.layouts import matmul_command


def step_layout(configuration: HardwareConfiguration) -> StructLayout:
    """What the pipeline must know of a weight word.

    ``slot``: row group in its block; ``first`` and ``last``: first and last tile of the row group;
    ``destination``: where its results go.
    """
    slot_bits = (configuration.block_groups - 1).bit_length()
    return StructLayout({"slot": slot_bits, "first": 1, "last": 1, "destination": 1})


class Issue(Component):
    """Says for each clock which weight word comes next; the next command follows without a gap.

    A command takes ``blocks * tiles * groups`` steps: tiles within blocks, row groups within tiles.
    It is accepted while none is active or in the clock of the last step of the active one; its
    first step can be in the next clock.

    Members:
        commands: In, stream of `matmul_command`; ``groups`` in 1 .. block_groups, ``blocks`` and
            ``tiles`` at least 1.
        active: Out(1), there is a next step; the outputs below describe it.
        step: Out, `step_layout`.
        tile: Out, column tile of the codes.
        release: Out(1), after this step the codes are done with.
        advance: In(1), the step happens in this clock. Only while ``active``.
    """

    def __init__(self, configuration: HardwareConfiguration) -> None:
        self._configuration = configuration
        tiles = configuration.code_depth // configuration.columns
        super().__init__({
            "commands": In(stream.Signature(matmul_command(configuration))),
            "active": Out(1),
            "step": Out(step_layout(configuration)),
            "tile": Out(range(tiles)),
            "release": Out(1),
            "advance": In(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        offered = self.commands.payload
        command = Signal.like(offered, reset_less=True)
        groups_left = Signal.like(offered.groups, reset_less=True)
        tiles_left = Signal.like(offered.tiles, reset_less=True)
        blocks_left = Signal.like(offered.blocks, reset_less=True)
        slot = Signal.like(self.step.slot)
        first = Signal(init=1)

        last_group, last_tile, final = Signal(), Signal(), Signal()
        m.d.comb += [
            last_group.eq(groups_left == 1),
            last_tile.eq(tiles_left == 1),
            final.eq(last_group & last_tile & (blocks_left == 1)),
            self.step.slot.eq(slot),
            self.step.first.eq(first),
            self.step.last.eq(last_tile),
            self.step.destination.eq(command.destination),
            self.release.eq(final & command.release),
            self.commands.ready.eq(~self.active | (self.advance & final)),
        ]

        with m.If(self.advance):
            m.d.sync += [slot.eq(slot + 1), groups_left.eq(groups_left - 1)]
            with m.If(last_group):
                m.d.sync += [
                    slot.eq(0),
                    groups_left.eq(command.groups),
                    self.tile.eq(self.tile + 1),
                    tiles_left.eq(tiles_left - 1),
                    first.eq(0),
                ]
                with m.If(last_tile):
                    m.d.sync += [
                        self.tile.eq(0),
                        tiles_left.eq(command.tiles),
                        blocks_left.eq(blocks_left - 1),
                        first.eq(1),
                    ]
            with m.If(final):
                m.d.sync += self.active.eq(0)
        with m.If(self.commands.valid & self.commands.ready):
            m.d.sync += [
                self.active.eq(1),
                command.eq(offered),
                groups_left.eq(offered.groups),
                tiles_left.eq(offered.tiles),
                blocks_left.eq(offered.blocks),
            ]
        return m
