"""Sums that were read become words, and words groups for the vector unit."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.units.matrix import sum_bits

from sterna_hw.component import Component
from sterna_hw.layouts import word_group
from sterna_hw.matrix.lane import saturated
from sterna_hw.matrix.operand import indices


class ResultWords(Component):
    """Rounds and saturates sums, one a clock, and puts them together in their order.

    Latency 3 clocks from the last sum of a group.

    Members:
        sums: In, stream of signed sums.
        words: Out, stream of `word_group`; what the last has beyond is 0.
        flush: In(1), no more sums come until ``empty``: a group that has begun is given as it is.
        empty: Out(1), no sum is on its way, and no group waits.
        clipped: Out(1), a result was.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        super().__init__({
            "sums": In(stream.Signature(signed(sum_bits(machine)))),
            "words": Out(stream.Signature(word_group(machine))),
            "flush": In(1), "empty": Out(1), "clipped": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine, shift = self._machine, self._machine.matrix.read_shift
        bits, lanes = machine.vector.word_bits, machine.vector.lanes
        group = Signal(word_group(machine), reset_less=True)
        lane = Signal(indices(lanes))
        free = Signal()
        moves = Signal()
        ends = Signal()
        rounded = Signal(signed(max(bits + 1, sum_bits(machine) + 1 - shift)), reset_less=True)
        has_rounded = Signal()
        has_word = Signal()
        word = Signal(signed(bits), reset_less=True)
        is_clipped = Signal(reset_less=True)
        value, beyond = saturated(rounded, bits)
        m.d.comb += [
            free.eq(~self.words.valid | self.words.ready),
            moves.eq(~has_word | ~ends | free),
            ends.eq(lane == lanes - 1),
            self.sums.ready.eq(moves),
            self.clipped.eq(moves & has_word & is_clipped),
            self.empty.eq(~has_rounded & ~has_word & (lane == 0) & ~self.words.valid),
        ]
        fills = Signal()
        enters = Signal()
        entering = Signal(signed(bits))
        whole = Signal.like(group)
        m.d.comb += [
            # Zeros follow the last, one a clock, until its group is whole.
            fills.eq(self.flush & ~has_rounded & ~has_word & (lane != 0) & free),
            enters.eq((moves & has_word) | fills),
            whole.as_value().eq(Cat(group.as_value()[bits:], entering)),
        ]
        with m.If(~fills):
            m.d.comb += entering.eq(word)
        with m.If(moves):
            m.d.sync += [
                has_rounded.eq(self.sums.valid),
                rounded.eq((self.sums.payload + (1 << shift >> 1)) >> shift),
                has_word.eq(has_rounded), word.eq(value), is_clipped.eq(beyond),
            ]
        with m.If(self.words.ready):
            m.d.sync += self.words.valid.eq(0)
        with m.If(enters):
            m.d.sync += [lane.eq(lane + 1), group.eq(whole)]
            with m.If(ends):
                m.d.sync += [lane.eq(0), self.words.valid.eq(1), self.words.payload.eq(whole)]
        return m
