"""Reads and writes, for the link, the memories that a RUN writes."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS, space_number, word_chunks

from sterna_hw.component import Component
from sterna_hw.layouts import write_chunk
from sterna_hw.state_layouts import STATE_CLOCKS, read_request, state_port


class StateAccess(Component):
    """Words of `Machine.states` in 32-bit pieces. They are few, so that one path serves all.

    Piece ``n`` of a word is valid ``STATE_CLOCKS + 1 + n`` clocks after it is asked for, and the
    next is asked for after it. Pieces of a word are written in order, one a clock; it is in its
    memory two clocks after its last piece.

    Members:
        writes: In, stream of `write_chunk`.
        reads: In, stream of `read_request`.
        words: Out, stream of unsigned(32): a piece for each request, filled with 0.
        more: In(1), the piece behind the one that is taken comes too, in the next clock; only in a
            machine that makes texts.
        <name>: Out, `state_port` of each memory, by its name.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        super().__init__({
            "writes": In(stream.Signature(write_chunk(machine))),
            "reads": In(stream.Signature(read_request(machine))),
            "words": Out(stream.Signature(CHUNK_BITS)),
            **({} if machine.generates is None else {"more": In(1)}),
            **{spec.name: Out(state_port(spec)) for spec in machine.states},
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine, read, write = self._machine, self.reads.payload, self.writes.payload
        most = max(word_chunks(machine, spec.name) for spec in machine.states)
        # A word moves down by a piece: the next one to read, or room for the next one written.
        pieces = Signal(CHUNK_BITS * most, reset_less=True)
        address = Signal(read_request(machine), reset_less=True)
        reading = Signal()
        left = Signal(range(STATE_CLOCKS + 1))
        written = Signal()
        value = Signal(CHUNK_BITS * most)
        m.d.comb += [
            self.reads.ready.eq(~reading),
            self.writes.ready.eq(~reading),
            written.eq(self.writes.valid & self.writes.ready),
            self.words.valid.eq(reading & (left == 0) & (address.chunk == 0)),
            self.words.payload.eq(pieces[:CHUNK_BITS]),
        ]
        with m.If(written):
            m.d.sync += [
                pieces.eq(Cat(pieces[CHUNK_BITS:], write.data)),
                address.space.eq(write.space), address.word.eq(write.word),
            ]
        with m.Elif(self.reads.valid & self.reads.ready):
            m.d.sync += [address.eq(read), reading.eq(1), left.eq(STATE_CLOCKS)]
        with m.Elif(left != 0):
            m.d.sync += [left.eq(left - 1), pieces.eq(value)]
        with m.Elif(reading & (address.chunk != 0)):
            m.d.sync += [address.chunk.eq(address.chunk - 1), pieces.eq(pieces[CHUNK_BITS:])]
        with m.Elif(self.words.ready):
            m.d.sync += reading.eq(0)
            if machine.generates is not None:
                m.d.sync += [reading.eq(self.more), pieces.eq(Cat(pieces[CHUNK_BITS:]))]
        for spec in machine.states:
            port, number = getattr(self, spec.name), space_number(machine, spec.name)
            chunks = word_chunks(machine, spec.name)
            chosen = Signal(name=f"chosen_{spec.name}")
            m.d.comb += [
                chosen.eq(address.space == number),
                port.read.eq(reading & chosen),
                port.word.eq(address.word),
                port.data.eq(pieces[-CHUNK_BITS * chunks:]),
            ]
            m.d.sync += port.write.eq(
                written & (write.chunk == chunks - 1) & (write.space == number))
            with m.If(chosen):
                m.d.comb += value.eq(port.value)
        return m
