"""What a READ frame asks for: measured first, since its answer begins with its length."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS, LONGEST_READ, space_number, word_chunks

from sterna_hw.component import Component
from sterna_hw.link.load import below
from sterna_hw.state_layouts import read_request

LONGEST_CHUNKS = LONGEST_READ * 8 // CHUNK_BITS


class ReadChunks(Component):
    """Walks the words of a READ twice: to see that they are there and what they take, and to ask.

    Latency: two clocks a word from ``start`` to ``measured``. Throughput: a request a clock.

    Members:
        space: In(8), first: In(32), words: In(16), as the frame names them; steady from ``start``
            on.
        start: In(1), measure. measured: Out(1), high for a clock when the others mean something.
        known: Out(1), the space is of a memory that READ reads.
        chunks: Out, 32-bit pieces. too_long, beyond: Out(1), more than an answer holds; not there.
        ask: In(1), ask for all of them. requests: Out, stream of `read_request`.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        super().__init__({
            "space": In(8), "first": In(32), "words": In(16), "start": In(1),
            "measured": Out(1), "known": Out(1), "chunks": Out(range(LONGEST_CHUNKS + 1)),
            "too_long": Out(1), "beyond": Out(1),
            "ask": In(1), "requests": Out(stream.Signature(read_request(machine))),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine
        word = Signal.like(self.requests.payload.word)
        left = Signal(16)
        chunk, last = (Signal.like(self.requests.payload.chunk) for _ in range(2))
        total = Signal(range(2 * LONGEST_CHUNKS + 1))
        there = Signal()
        request = self.requests.payload
        m.d.comb += [
            self.chunks.eq(total), self.too_long.eq(total > LONGEST_CHUNKS),
            self.known.eq((self.space >= len(machine.memories))
                          & (self.space < len(machine.spaces))),
            request.space.eq(self.space), request.word.eq(word), request.chunk.eq(chunk),
        ]
        m.d.sync += there.eq(0)
        with m.Switch(self.space):
            for spec in machine.states:
                with m.Case(space_number(machine, spec.name)):
                    m.d.sync += [
                        there.eq(below(word, spec.depth)),
                        last.eq(word_chunks(machine, spec.name) - 1),
                    ]
        with m.FSM():
            with m.State("wait"):
                m.d.sync += [word.eq(self.first), left.eq(self.words)]
                with m.If(self.start):
                    m.d.sync += [total.eq(0), self.beyond.eq(self.first[len(word):].any())]
                    m.next = "look"
                with m.If(self.ask):
                    m.next = "ask"
            with m.State("look"):
                m.next = "count"
            with m.State("count"):
                m.d.sync += [word.eq(word + 1), left.eq(left - 1)]
                with m.If(~there):
                    m.d.sync += self.beyond.eq(1)
                with m.If(~self.too_long):
                    m.d.sync += total.eq(total + last + 1)
                m.next = "look"
                with m.If(left == 1):
                    m.next = "tell"
            with m.State("tell"):
                m.d.comb += self.measured.eq(1)
                m.next = "wait"
            with m.State("ask"):
                m.d.comb += self.requests.valid.eq(1)
                with m.If(self.requests.ready):
                    m.d.sync += chunk.eq(chunk + 1)
                    with m.If(chunk == last):
                        m.d.sync += [chunk.eq(0), word.eq(word + 1), left.eq(left - 1)]
                        with m.If(left == 1):
                            m.next = "wait"
        return m
