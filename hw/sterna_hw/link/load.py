"""LOAD frames: their data become writes as they come."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS, FrameType, word_chunks

LOAD_HEADER = 5


def below(value: Value, bound: int) -> Value:
    """``value < bound``; for powers of two without the subtraction that synthesis would make."""
    if bound == 0:
        return Const(0, 1)
    if bound & (bound - 1) == 0:
        return ~value[bound.bit_length() - 1:].any()
    return value < bound


def add_load(m: Module, handler: Any, machine: Machine, only_input: bool, latest: Value,
             accepted: Signal, count: Signal, whole_words: Signal, space_error: Signal) -> None:
    """Turn the data of a LOAD frame into writes of the `CommandHandler`.

    ``latest`` are the four bytes before the one that is ``accepted`` now, ``count`` how many
    came before it. ``whole_words`` says, a clock late, that the frame has its header and no
    part of a word, ``space_error`` that a chunk was outside every memory.
    """
    space = Signal.like(handler.writes.payload.space)
    word = Signal.like(handler.writes.payload.word)
    beyond = Signal()
    chunk = Signal.like(handler.writes.payload.chunk)
    position = Signal(range(CHUNK_BITS // 8))
    # Registers: four bytes go by from one chunk to the next.
    inside = Signal()
    last_chunk = Signal.like(chunk)
    m.d.sync += [inside.eq(0), last_chunk.eq(0)]
    with m.Switch(space):
        for number, known in enumerate(machine.spaces):
            if only_input and not known.input and number < len(machine.memories):
                continue
            with m.Case(number):
                m.d.sync += [
                    inside.eq(~beyond & below(word, known.depth)),
                    last_chunk.eq(word_chunks(machine, known.name) - 1),
                ]

    # `word` and `chunk` address the chunk on offer; they step when it is taken.
    offered = Signal()
    write = handler.writes
    m.d.comb += [
        handler.payload.ready.eq(~write.valid | write.ready),
        write.valid.eq(offered & inside),
        write.payload.space.eq(space),
        write.payload.word.eq(word),
        write.payload.chunk.eq(chunk),
        write.payload.data.eq(latest),
    ]
    m.d.sync += whole_words.eq((count >= LOAD_HEADER) & (position == 0) & (chunk == 0))
    with m.If(offered & (write.ready | ~inside)):
        m.d.sync += offered.eq(0)
        with m.If(~inside):  # nor is any that follows, however far they go
            m.d.sync += [space_error.eq(1), beyond.eq(1)]
        with m.If(chunk == last_chunk):
            m.d.sync += [chunk.eq(0), word.eq(word + 1)]
        with m.Else():
            m.d.sync += chunk.eq(chunk + 1)

    first = Cat(latest[8:], handler.payload.payload)
    with m.If(accepted):
        with m.If(count == LOAD_HEADER - 1):
            m.d.sync += [
                space.eq(latest[0:8]),
                word.eq(first),
                beyond.eq(latest[len(space):8].any() | first[len(word):].any()),
            ]
        with m.Elif(count >= LOAD_HEADER):
            m.d.sync += position.eq(position + 1)
            with m.If(position == CHUNK_BITS // 8 - 1):
                m.d.sync += offered.eq(handler.header.type == FrameType.LOAD)
    with m.If(handler.outcomes.valid & handler.outcomes.ready):
        m.d.sync += [position.eq(0), chunk.eq(0), space_error.eq(0)]
