"""Dense bytes to words of another size."""

from __future__ import annotations

from math import gcd
from typing import Any

from amaranth.hdl import Cat, Module, Mux, ResetInserter, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component
from sterna_hw.stream import StreamBuffer, StreamQueue

_WAITING = 4
"""Beats that wait for the registers of a word."""


class Gearbox(Component):
    """Cuts a stream of bytes, ``taken`` at a time, into words of ``given`` bytes without a gap.

    A beat is rotated to its place in the word, a bit of the distance in each stage, and merged
    with what the beats before left. The distance depends on nothing but the number of the beat,
    so the rotation is a pipeline. Where words are several whole beats nothing is rotated: registers
    of the word take one beat after the other, without a look-up table for each of its bits.
    Throughput one beat a clock; latency of a word: ``stages + 1`` clocks after its last byte.

    Members:
        restart: In(1), forget everything; the next beat begins a word.
        i: In, stream of unsigned(8 * taken), first byte lowest.
        o: Out, stream of unsigned(8 * given), first byte lowest; leaves a register.

    Attributes:
        stages: stages of the rotation, or of the buffer that stands for it.

    Args:
        taken: bytes of a beat, at most ``given``.
        given: bytes of a word.

    Raises:
        ValueError: a beat is longer than a word.
    """

    def __init__(self, taken: int, given: int) -> None:
        if not 0 < taken <= given:
            raise ValueError(f"beats of {taken} bytes are longer than words of {given}")
        self._taken, self._given = taken, given
        # Distances are multiples of this unit; positions are counted in it.
        self._unit = gcd(taken, given)
        self._positions = given // self._unit
        self._whole = given % taken == 0 and given > taken
        self.stages = 1 if self._whole else (self._positions - 1).bit_length()
        super().__init__({
            "restart": In(1),
            "i": In(stream.Signature(8 * taken)),
            "o": Out(stream.Signature(8 * given)),
        })

    def elaborate(self, platform: Any) -> Module:
        if self._whole:
            return self._collect()
        m = Module()
        unit_bits, positions = 8 * self._unit, self._positions
        step = self._taken // self._unit
        buffer = StreamBuffer(8 * self._given)
        m.submodules.buffer = ResetInserter(self.restart)(buffer)

        position = Signal(range(max(2, positions)))
        end = Signal(range(2 * positions + 1))
        full = Signal()
        taken = Signal()
        advance = Signal()
        m.d.comb += [
            end.eq(position + step),
            full.eq(end >= positions),
            self.i.ready.eq(advance & ~self.restart),
            taken.eq(self.i.valid & self.i.ready),
        ]
        with m.If(taken):
            m.d.sync += position.eq(Mux(full, end - positions, end))
        with m.If(self.restart):
            m.d.sync += position.eq(0)

        data: Any = Cat(self.i.payload, *([0] * (8 * (self._given - self._taken))))
        place, valid, completes = position, self.i.valid, full
        for stage in range(self.stages):
            rotated = Mux(place[stage], data.rotate_left(unit_bits << stage), data)
            next_data = Signal(8 * self._given, name=f"data_{stage}", reset_less=True)
            next_place = Signal.like(position, name=f"place_{stage}", reset_less=True)
            next_completes = Signal(name=f"completes_{stage}", reset_less=True)
            next_valid = Signal(name=f"valid_{stage}")
            with m.If(advance):
                m.d.sync += [
                    next_data.eq(rotated),
                    next_place.eq(place),
                    next_completes.eq(completes),
                    next_valid.eq(valid),
                ]
            with m.If(self.restart):
                m.d.sync += next_valid.eq(0)
            data, place, valid, completes = next_data, next_place, next_valid, next_completes

        # Units before the beat's place belong to the word before, or wrapped into the next one.
        begun = Signal(8 * self._given, reset_less=True)
        word = Cat(
            Mux(place <= index, data.word_select(index, unit_bits),
                begun.word_select(index, unit_bits))
            for index in range(positions)
        )
        m.d.comb += [
            buffer.i.payload.eq(word),
            buffer.i.valid.eq(valid & completes),
            advance.eq(~(valid & completes) | buffer.i.ready),
        ]
        with m.If(valid & advance):
            m.d.sync += begun.eq(Mux(completes, data, word))
        m.d.comb += [
            self.o.payload.eq(buffer.o.payload),
            self.o.valid.eq(buffer.o.valid),
            buffer.o.ready.eq(self.o.ready),
        ]
        return m

    def _collect(self) -> Module:
        """Words of several whole beats."""
        m = Module()
        beat_bits, beats = 8 * self._taken, self._positions
        # A queue in look-up table memory takes less than the spare register of a buffer.
        buffer = StreamQueue(beat_bits, _WAITING)
        m.submodules.buffer = ResetInserter(self.restart)(buffer)
        begun = Signal(beat_bits * (beats - 1), reset_less=True)
        word = Signal(8 * self._given, reset_less=True)
        position = Signal(range(beats))
        completes = Signal()
        free = Signal()
        taken = Signal()
        m.d.comb += [
            buffer.i.payload.eq(self.i.payload),
            buffer.i.valid.eq(self.i.valid & ~self.restart),
            self.i.ready.eq(buffer.i.ready & ~self.restart),
            completes.eq(position == beats - 1),
            free.eq(~self.o.valid | self.o.ready),
            buffer.o.ready.eq(~completes | free),
            taken.eq(buffer.o.valid & buffer.o.ready),
            self.o.payload.eq(word),
        ]
        with m.If(free):
            m.d.sync += self.o.valid.eq(buffer.o.valid & completes)
        with m.If(taken & completes):
            m.d.sync += [word.eq(Cat(begun, buffer.o.payload)), position.eq(0)]
        with m.Elif(taken):
            m.d.sync += [begun.word_select(position, beat_bits).eq(buffer.o.payload),
                         position.eq(position + 1)]
        with m.If(self.restart):
            m.d.sync += [position.eq(0), self.o.valid.eq(0)]
        return m
