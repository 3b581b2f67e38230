"""Rows of INPUT in a memory outside: what token streams take, and how it comes out of beats."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.row_memory import row_base, row_burst_bytes, row_period

from sterna_hw.component import Component
from sterna_hw.layouts import WriteChunk, word_group
from sterna_hw.memory.dense_words import DenseWords
from sterna_hw.stream import connect_streams


def row_members(machine: Machine) -> dict[str, Any]:
    """Members of a source outside the chip that has the rows of INPUT, if it has them.

    base_<n>: In(range(input_depth)), first word of token stream n, held from the clock before the
    restart until the run ends. rows_<n>: Out, stream of `word_group`, the words of its row.
    row_writes: In, stream of `WriteChunk` for space INPUT.
    """
    if not machine.row_memory.outside:
        return {}
    streams = range(machine.streams)
    return {
        **{f"base_{number}": In(range(machine.vector.input_depth)) for number in streams},
        **{f"rows_{number}": Out(stream.Signature(word_group(machine))) for number in streams},
        "row_writes": In(stream.Signature(WriteChunk)),
    }


class RowWords(Component):
    """Says which bursts have a row, and cuts its words out of them.

    Words lie byte after byte, so that only every ``period``-th begins with a burst, a power of two.
    Reading begins at the last of those that is not behind ``base``, and what comes before that is
    dropped: nothing where ``base`` is a multiple of the period, as it is for rows that are
    multiples of it.

    Members:
        restart: In(1), the next beat is the first of burst ``first``.
        base: In, number of the first word, held from the clock before the restart until the next.
        first: Out, number of a burst; bursts: Out, how many. Both leave registers, and are there
            while ``restart``.
        beats: In, stream of unsigned(8 * beat_bytes). words: Out, stream of `word_group`: as many
            as `RowsOutside.row_groups` says, and no more.

    Attributes:
        period: see above. most: bursts that are read at most.

    Args:
        machine: gives rows, and the memory that has them. beat_bytes: bytes of a beat.
    """

    def __init__(self, machine: Machine, beat_bytes: int) -> None:
        self._beat_bytes, self._word_bytes = beat_bytes, machine.vector.constant_bytes
        self._burst_bytes = row_burst_bytes(machine)
        self.period = row_period(machine)
        self._step = self._word_bytes * self.period // self._burst_bytes
        self._base = row_base(machine) // self._burst_bytes
        self._groups = machine.value("row_memory_row_groups")
        self.most = self._bursts(self.period - 1 + self._groups)
        depth = machine.vector.input_depth
        beyond = self._base + (depth // self.period) * self._step + 1
        super().__init__({
            "restart": In(1), "base": In(range(depth)),
            "first": Out(range(beyond)), "bursts": Out(range(self.most + 1)),
            "beats": In(stream.Signature(8 * beat_bytes)),
            "words": Out(stream.Signature(word_group(machine))),
        })

    def _bursts(self, words: int) -> int:
        return -(-words * self._word_bytes // self._burst_bytes)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        before = (self.period - 1).bit_length()
        skipped, block = self.base[:before], self.base[before:]
        # Digits of the step of which none follows another: few adders.
        digits = signed_digits(self._step)
        product = sum((block << place if digit > 0 else -(block << place)
                       for place, digit in digits), start=Value.cast(self._base))
        m.d.sync += [
            self.first.eq(product),
            self.bursts.eq(Mux(skipped == 0, self._bursts(self._groups), self.most)),
        ]
        m.submodules.dense = dense = DenseWords(
            self._beat_bytes, self._word_bytes, self.period - 1 + self._groups)
        connect_streams(m, self.beats, dense.beats)
        dropped = Signal(range(max(2, self.period)))
        left = Signal(range(self._groups + 1))
        dropping = Signal()
        m.d.comb += [
            dense.restart.eq(self.restart),
            dropping.eq(dropped != 0),
            Value.cast(self.words.payload).eq(dense.words.payload),
            self.words.valid.eq(dense.words.valid & ~dropping & (left != 0)),
            dense.words.ready.eq(dropping | self.words.ready & (left != 0)),
        ]
        with m.If(dense.words.valid & dense.words.ready):
            with m.If(dropping):
                m.d.sync += dropped.eq(dropped - 1)
            with m.Else():
                m.d.sync += left.eq(left - 1)
        with m.If(self.restart):
            m.d.sync += [dropped.eq(skipped), left.eq(self._groups)]
        return m


def signed_digits(value: int) -> list[tuple[int, int]]:
    """Places and signs of the powers of two whose sum a positive number is, as few as there are."""
    digits = []
    place = 0
    while value:
        if value & 1:
            sign = 2 - (value & 3)
            digits.append((place, sign))
            value -= sign
        value >>= 1
        place += 1
    return digits
