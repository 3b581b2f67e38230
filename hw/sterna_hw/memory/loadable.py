"""Memory that the host writes in chunks and a unit reads word by word."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.banks import bank_bits, bank_edges
from sterna.machine.protocol import CHUNK_BITS

from sterna_hw.component import Component
from sterna_hw.layouts import WriteChunk
from sterna_hw.memory.single_port import RAM_DEPTH, SinglePortBank, has_single_port_rams
from sterna_hw.memory.storage import Storage


def written_word(width: int, depth: int) -> StructLayout:
    """A word that a unit writes to a memory."""
    return StructLayout({"valid": 1, "address": range(depth), "data": width})


class LoadableMemory(Component):
    """Words of any width, written in 32-bit chunks, with one synchronous read port.

    The chunks of a word are written in their order. A word lies in banks side by side, as wide as
    the block RAMs of the part (`sterna.machine.banks`): where that is more than a chunk, a bank is
    written when its last bit comes. Content at power up is ``initial``, zero where that gives
    nothing; it survives a reset. Writes are taken at one a clock and are in the memory two clocks
    later, three with ``spread``; those for other spaces or beyond the depth are taken and ignored.

    Members:
        writes: In, stream of `WriteChunk`, always ready.
        address: In, range(depth).
        enable: In(1), read in this clock.
        data: Out(width), the word read in the last clock that was enabled (latency 1). A word that
            is written in the clock of the read may come out old or new.
        word: In, `written_word`: a word that a unit writes, in the memory in the next clock; not
            while the host writes. Only with ``written``.

    Args:
        width: bits of a word.
        depth: words.
        space: which writes are meant.
        initial: words at power up, from word 0 on.
        large: put it into single-port RAM if the part has such and one is deep enough; then
            content at power up is anything, and ``data`` after a write until the next read.
        spread: give the writes a register more, for banks that lie all over the die.
        staged: register the writes; else they are in the memory in the next clock.
        parts: equal parts of a word that should lie in banks of their own.
        written: a unit writes words too.
    """

    def __init__(self, width: int, depth: int, space: int, initial: Sequence[int] = (),
                 large: bool = False, spread: bool = False, staged: bool = True,
                 parts: int = 1, written: bool = False) -> None:
        if width < 1 or depth < 1:
            raise ValueError(f"a memory of {depth} words of {width} bits does not exist")
        self._width = width
        self._depth = depth
        self._space = space
        self._initial = initial
        self._large = large
        self._spread = spread
        self._staged = staged
        self._parts = parts
        self._written = written
        members = {"word": In(written_word(width, depth))} if written else {}
        super().__init__({
            "writes": In(stream.Signature(WriteChunk)),
            "address": In(range(depth)),
            "enable": In(1),
            "data": Out(width),
            **members,
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        chunks = ceil(self._width / CHUNK_BITS)
        offered = self.writes.payload
        write = Signal(WriteChunk, reset_less=True)
        valid = Signal()
        chosen = Signal(chunks)
        written = Signal()  # any of them, which lie all over the die
        meant = (self.writes.valid & (offered.space == self._space)
                 & (offered.word < self._depth))
        m.d.comb += self.writes.ready.eq(1)
        if self._spread:
            # One register to see whether the chunk is meant, one behind that to see for which bank.
            near = Signal(WriteChunk, reset_less=True)
            near_valid = Signal()
            m.d.sync += [near.eq(offered), near_valid.eq(meant)]
            offered, meant = near, near_valid
        m.d.comb += valid.eq(meant)
        m.d["sync" if self._staged or self._spread else "comb"] += [
            write.eq(offered),
            chosen.eq(Cat(valid & (offered.chunk == index) for index in range(chunks))),
            written.eq(valid & (offered.chunk < chunks)),
        ]

        single_port = (self._large and self._depth <= RAM_DEPTH
                       and has_single_port_rams(platform))
        family = getattr(platform, "family", None)
        edges = bank_edges(self._width, self._depth, family, self._parts)
        before = Signal(CHUNK_BITS, reset_less=True)
        if bank_bits(self._depth, family) > CHUNK_BITS:
            with m.If(written):
                m.d.sync += before.eq(write.data)
        words = []
        for index, (start, stop) in enumerate(edges):
            width, chunk = stop - start, (stop - 1) // CHUNK_BITS
            first = start - CHUNK_BITS * chunk  # negative: in the chunk before
            data = write.data[first:] if first >= 0 else Cat(
                before[first + CHUNK_BITS:], write.data)
            mask = (1 << width) - 1
            initial = [word >> start & mask for word in self._initial]
            bank = (SinglePortBank(width, self._depth) if single_port
                    else Storage(width, self._depth, initial))
            m.submodules[f"bank_{index}"] = bank
            m.d.comb += [
                bank.write_enable.eq(chosen[chunk]),
                bank.write_address.eq(write.word),
                bank.write_data.eq(data),
                bank.address.eq(self.address),
                bank.enable.eq(self.enable),
            ]
            if self._written:
                with m.If(self.word.valid):
                    m.d.comb += [
                        bank.write_enable.eq(1), bank.write_address.eq(self.word.address),
                        bank.write_data.eq(self.word.data[start:stop])]
            words.append(bank.data)
        m.d.comb += self.data.eq(Cat(words))
        return m
