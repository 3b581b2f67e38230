"""Activation codes: two banks, one in use while the next one fills."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Array, Cat, Const, Module, Signal, signed
from amaranth.lib import memory, stream
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import CODE_BITS
from sterna.machine.machine import Machine
from sterna.machine.units.ternary import groups_per_tile

from sterna_hw.component import Component
from sterna_hw.layouts import code_group


class CodeBanks(Component):
    """Two banks of ``code_depth`` codes, written in groups and read in column tiles.

    Groups fill a bank in order until the one marked ``last``, the following ones the other bank. A
    bank with its ``last`` is complete: all its tiles may be read (what was not written is stale,
    and the weights there are zero). Groups wait while both banks are complete. More than
    ``code_depth`` codes without ``last`` are an error of the program; the result is not defined.

    A group accepted in clock t can be read from clock t + 1. One group and one part a clock.

    Members:
        groups: In, stream of `code_group`.
        tile: In, the tile to be read from the bank in use.
        part: In, which of the tile's parts.
        available: Out(1), that tile is there, in this clock.
        complete: Out(1), the bank in use is complete.
        codes: Out, ``columns / parts`` codes of the tile and part of the last clock.
        release: In(1), the bank in use is free after this clock, the other one in use. Only while
            ``complete`` is high.

    Args:
        machine: shape of the accelerator.
        parts: in how many reads a tile is fetched; each part is a whole number of groups.
    """

    def __init__(self, machine: Machine, parts: int = 1) -> None:
        self._machine = machine
        self._parts = parts
        self._tiles = machine.ternary.code_depth // machine.ternary.columns
        super().__init__({
            "groups": In(stream.Signature(code_group(machine))),
            "tile": In(range(self._tiles)),
            "part": In(range(max(2, parts))),
            "available": Out(1),
            "complete": Out(1),
            "codes": Out(ArrayLayout(signed(CODE_BITS), machine.ternary.columns // parts)),
            "release": In(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        groups_per_part = groups_per_tile(self._machine) // self._parts
        group_bits = CODE_BITS * self._machine.vector.lanes
        tile_bits, part_bits = (self._tiles - 1).bit_length(), (self._parts - 1).bit_length()
        # A tile is read only after it is written: no need to define what a collision returns.
        m.submodules.storage = storage = memory.Memory(
            shape=ArrayLayout(group_bits, groups_per_part), depth=2 << tile_bits + part_bits,
            init=[], attrs={"ram_style": "block", "no_rw_check": "1"})
        write = storage.write_port(granularity=1)
        read = storage.read_port()

        def address(part: Any, tile: Any, bank: Any) -> Any:
            return Cat(part[:part_bits], tile[:tile_bits], bank)

        complete = Array(Signal(name=f"complete_{bank}") for bank in range(2))
        write_bank = Signal()
        read_bank = Signal()
        filled_tiles = Signal(range(self._tiles + 1))
        filled_parts = Signal(range(max(2, self._parts)))
        position = Signal(range(max(2, groups_per_part)))

        accepted = Signal()
        m.d.comb += [
            self.groups.ready.eq(~complete[write_bank]),
            accepted.eq(self.groups.valid & self.groups.ready),
            write.addr.eq(address(filled_parts, filled_tiles, write_bank)),
            write.data.as_value().eq(self.groups.payload.codes.as_value().replicate(
                groups_per_part)),
            write.en.eq(accepted << position),
        ]
        with m.If(accepted):
            m.d.sync += position.eq(position + 1)
            with m.If(position == groups_per_part - 1):
                m.d.sync += [position.eq(0), filled_parts.eq(filled_parts + 1)]
                with m.If(filled_parts == self._parts - 1):
                    m.d.sync += [filled_parts.eq(0), filled_tiles.eq(filled_tiles + 1)]
            with m.If(self.groups.payload.last):
                m.d.sync += [
                    position.eq(0),
                    filled_parts.eq(0),
                    filled_tiles.eq(0),
                    complete[write_bank].eq(1),
                    write_bank.eq(~write_bank),
                ]

        # While the bank in use is incomplete it is the one that fills.
        m.d.comb += [
            self.complete.eq(complete[read_bank]),
            self.available.eq(self.complete | (self.tile < filled_tiles)),
            read.addr.eq(address(self.part, self.tile, read_bank)),
            read.en.eq(Const(1)),
            self.codes.eq(read.data),
        ]
        with m.If(self.release):
            m.d.sync += [
                complete[read_bank].eq(0),
                read_bank.eq(~read_bank),
            ]
        return m
