"""Activation codes of several texts: two banks each, in one memory."""

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


class TextBanks(Component):
    """`CodeBanks` for each text, of which one is read in a clock, and one written.

    No group waits: who makes codes knows by ``release`` when a bank is free.

    Members:
        groups: In, stream of `code_group`, always ready.
        text, tile, part: In, what is to be read.
        begun: Out(texts), the first tile of the bank in use is there.
        available, complete: Out(1), of ``text`` as in `CodeBanks`.
        codes: Out, ``columns / parts`` codes of what was to be read in the last clock, or in the
            one before if ``late``.
        release: In(texts), the bank in use is free after this clock, the other one in use.

    Args:
        machine, parts: as in `CodeBanks`.
        late: with a register before the memory.
    """

    def __init__(self, machine: Machine, parts: int = 1, late: bool = False) -> None:
        self._machine, self._parts, self._late = machine, parts, late
        self._tiles, texts = machine.ternary.tiles, machine.texts
        super().__init__({
            "groups": In(stream.Signature(code_group(machine), always_ready=True)),
            "text": In(range(texts)),
            "tile": In(range(self._tiles)),
            "part": In(range(max(2, parts))),
            "begun": Out(texts), "available": Out(1), "complete": Out(1),
            "codes": Out(ArrayLayout(signed(CODE_BITS), machine.ternary.columns // parts)),
            "release": In(texts),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        texts = range(self._machine.texts)
        groups_per_part = groups_per_tile(self._machine) // self._parts
        group_bits = CODE_BITS * self._machine.vector.lanes
        tile_bits, part_bits = (self._tiles - 1).bit_length(), (self._parts - 1).bit_length()
        m.submodules.storage = storage = memory.Memory(
            shape=ArrayLayout(group_bits, groups_per_part),
            depth=2 * len(texts) << tile_bits + part_bits,
            init=[], attrs={"ram_style": "block", "no_rw_check": "1"})
        write = storage.write_port(granularity=1)
        read = storage.read_port()

        def address(part: Any, tile: Any, bank: Any, text: Any) -> Any:
            # A field of no bits at all would be a wire of -1 to 0 in the Verilog.
            places = ((part, part_bits), (tile, tile_bits))
            return Cat(*(place[:bits] for place, bits in places if bits), bank, text)

        def each(shape: Any, name: str) -> Array:
            return Array(Signal(shape, name=f"{name}_{text}") for text in texts)

        complete = [each(1, f"complete_{bank}") for bank in range(2)]
        write_bank, read_bank = each(1, "write_bank"), each(1, "read_bank")
        filled_tiles = each(range(self._tiles + 1), "filled_tiles")
        filled_parts = each(range(max(2, self._parts)), "filled_parts")
        position = each(range(max(2, groups_per_part)), "position")

        given, text = self.groups.payload, self.groups.payload.text
        m.d.comb += [
            write.addr.eq(address(filled_parts[text], filled_tiles[text], write_bank[text], text)),
            write.data.as_value().eq(given.codes.as_value().replicate(groups_per_part)),
            write.en.eq(self.groups.valid << position[text]),
        ]
        for own in texts:
            with m.If(self.groups.valid & (text == own)):
                m.d.sync += position[own].eq(position[own] + 1)
                with m.If(position[own] == groups_per_part - 1):
                    m.d.sync += [position[own].eq(0), filled_parts[own].eq(filled_parts[own] + 1)]
                    with m.If(filled_parts[own] == self._parts - 1):
                        m.d.sync += [
                            filled_parts[own].eq(0), filled_tiles[own].eq(filled_tiles[own] + 1)]
                with m.If(given.last):
                    m.d.sync += [
                        position[own].eq(0), filled_parts[own].eq(0), filled_tiles[own].eq(0),
                        write_bank[own].eq(~write_bank[own]),
                    ]
                    for bank in range(2):
                        with m.If(write_bank[own] == bank):
                            m.d.sync += complete[bank][own].eq(1)
            with m.If(self.release[own]):
                m.d.sync += read_bank[own].eq(~read_bank[own])
                for bank in range(2):
                    with m.If(read_bank[own] == bank):
                        m.d.sync += complete[bank][own].eq(0)

        # While the bank in use is incomplete it is the one that fills.
        full = Array(Signal(name=f"full_{own}") for own in texts)
        m.d.comb += [full[own].eq(Array(bank[own] for bank in complete)[read_bank[own]])
                     for own in texts]
        wanted = Signal(len(write.addr), reset_less=self._late)
        m.d["sync" if self._late else "comb"] += wanted.eq(
            address(self.part, self.tile, read_bank[self.text], self.text))
        m.d.comb += [
            self.begun.eq(Cat(full[own] | (filled_tiles[own] != 0) for own in texts)),
            self.complete.eq(full[self.text]),
            self.available.eq(self.complete | (self.tile < filled_tiles[self.text])),
            read.addr.eq(wanted),
            read.en.eq(Const(1)),
            self.codes.eq(read.data),
        ]
        return m
