"""States of token streams, two of each: where a text can go back to."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from amaranth.hdl import Array, Module, Signal, unsigned
from amaranth.lib import memory, stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS, space_number, word_chunks

from sterna_hw.component import Component
from sterna_hw.layouts import write_chunk
from sterna_hw.state_layouts import STATE_CLOCKS, read_request

_SETTLES = STATE_CLOCKS + 2
"""Clocks that the last piece may take into its memory, past a register."""

_FETCH_CLOCKS = 4
"""From the number of a piece to the piece; a power of two."""


class Slots(Component):
    """Copies what `Machine.states` has of a token stream into a slot, or back, in 32-bit pieces.

    Throughput: a word of n pieces in `STATE_CLOCKS` + n + 2 clocks; back in 5 n.

    Members:
        save, restore: In(1), begin; stream, slot: In, of which, steady until ``idle``.
        idle: Out(1), all is where it should be.
        reads: Out, stream of `read_request`; words: In, stream of unsigned(32); more: Out(1), the
            piece behind the one that is taken is wanted too. As in `StateAccess`.
        writes: Out, stream of `write_chunk`.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        super().__init__({
            "save": In(1), "restore": In(1), "stream": In(range(max(2, machine.streams))),
            "slot": In(1), "idle": Out(1),
            "reads": Out(stream.Signature(read_request(machine))),
            "words": In(stream.Signature(CHUNK_BITS)), "more": Out(1),
            "writes": Out(stream.Signature(write_chunk(machine))),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine
        unit = machine.generates
        assert unit is not None
        # The memories of all streams one after the other, those of a stream side by side.
        found = [(number, spec, words) for number in range(machine.streams)
                 for spec, words in unit.slot(machine, number)]
        pieces = [words * word_chunks(machine, spec.name) for _, spec, words in found]
        starts = [0, *accumulate(pieces)]
        firsts = [next(place for place, item in enumerate(found) if item[0] == number)
                  for number in range(machine.streams)] + [len(found)]
        bits = max(1, (starts[-1] - 1).bit_length())

        def table(values: list[int], index: Any) -> Any:
            return Array(values)[index]

        m.submodules.storage = storage = memory.Memory(
            shape=unsigned(CHUNK_BITS), depth=2 * starts[-1], init=[])
        read = storage.read_port()
        write = storage.write_port()
        which = Signal(range(len(found) + 1))
        piece = Signal(bits)
        word = Signal.like(self.reads.payload.word)
        chunk = Signal.like(self.reads.payload.chunk)
        last_word, last_chunk, last_space = (
            Signal(name=name) for name in ("last_word", "last_chunk", "last_space"))
        step = Signal()
        # Block RAMs one behind the other are far from who gives and takes what they have.
        near, data = (Signal(CHUNK_BITS, name=name, reset_less=True) for name in ("near", "data"))
        address = Signal(range(2 * starts[-1]), reset_less=True)
        kept = Signal(CHUNK_BITS, reset_less=True)
        keeps = Signal()
        late = Signal(range(_FETCH_CLOCKS))
        m.d.sync += [
            near.eq(read.data), data.eq(near), kept.eq(self.words.payload),
            address.eq(piece + (self.slot * starts[-1])), keeps.eq(0),
        ]
        space = table([space_number(machine, spec.name) for _, spec, _ in found], which)
        m.d.comb += [
            last_word.eq(word == table([words - 1 for *_, words in found], which)),
            last_chunk.eq(chunk == table(
                [word_chunks(machine, spec.name) - 1 for _, spec, _ in found], which)),
            last_space.eq(which == table([first - 1 for first in firsts[1:]], self.stream)),
            self.reads.payload.space.eq(space), self.reads.payload.word.eq(word),
            self.writes.payload.space.eq(space), self.writes.payload.word.eq(word),
            self.writes.payload.chunk.eq(chunk), self.writes.payload.data.eq(data),
            read.addr.eq(address), write.addr.eq(address), write.data.eq(kept),
            write.en.eq(keeps),
        ]
        with m.If(step):
            m.d.sync += [piece.eq(piece + 1), chunk.eq(chunk + 1)]
            with m.If(last_chunk):
                m.d.sync += [chunk.eq(0), word.eq(word + 1)]
                with m.If(last_word):
                    m.d.sync += [word.eq(0), which.eq(which + 1)]
        rest = Signal(range(_SETTLES + 1))
        with m.FSM():
            with m.State("wait"):
                m.d.comb += self.idle.eq(1)
                m.d.sync += [
                    which.eq(table(firsts[:-1], self.stream)),
                    piece.eq(table([starts[first] for first in firsts[:-1]], self.stream)),
                    word.eq(0), chunk.eq(0), rest.eq(_SETTLES),
                ]
                with m.If(self.save):
                    m.next = "ask"
                with m.If(self.restore):
                    m.next = "fetch"
            with m.State("ask"):
                m.d.comb += self.reads.valid.eq(1)
                with m.If(self.reads.ready):
                    m.next = "keep"
            with m.State("keep"):
                m.d.comb += [
                    self.words.ready.eq(1), self.more.eq(~last_chunk),
                    step.eq(self.words.valid),
                ]
                m.d.sync += keeps.eq(self.words.valid)
                with m.If(self.words.valid & last_chunk):
                    m.next = "ask"
                    with m.If(last_word & last_space):
                        m.next = "wait"
            with m.State("fetch"):
                m.d.sync += late.eq(late + 1)
                with m.If(late == _FETCH_CLOCKS - 1):
                    m.next = "give"
            with m.State("give"):
                m.d.comb += [self.writes.valid.eq(1), step.eq(self.writes.ready)]
                with m.If(self.writes.ready):
                    m.next = "fetch"
                    with m.If(last_chunk & last_word & last_space):
                        m.next = "settle"
            with m.State("settle"):  # the last word is on its way
                m.d.sync += rest.eq(rest - 1)
                with m.If(rest == 0):
                    m.next = "wait"
        return m
