"""Dense words from outside to weight words for lanes of tables."""

from __future__ import annotations

from typing import Any

import numpy as np
from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.dense_triples import GIVEN, TAKEN
from sterna.machine.triples import TRIPLE, TRIPLE_BITS, triple_codes

from sterna_hw.component import Component

PAIR_BITS = 4
"""Of two trits, each a nonzero and a plus bit."""


class TripleWords(Component):
    """Makes five weight words of three words of `sterna.machine.dense_triples`.

    Throughput one weight word a clock; a word is offered in the clock after that which it comes
    from. The triples of a word go out at once. Its pairs enter a chain; when it has three, the
    first pair and the first trit of the third one are the fourth word. Then the chain moves up.

    Members:
        restart: In(1), the next word is the first of three.
        i: In, stream of unsigned(8 * triples). o: Out, stream of words as
            `sterna.machine.triples.pack_triples` has them; leaves a register.

    Args:
        triples: of a weight word.
    """

    def __init__(self, triples: int) -> None:
        self._triples = triples
        super().__init__({
            "restart": In(1),
            "i": In(stream.Signature(8 * triples)),
            "o": Out(stream.Signature(-(-TRIPLE_BITS * triples // 8) * 8)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        phase = Signal(range(GIVEN))
        free, pairs, takes, moves = (Signal(name=name)
                                     for name in ("free", "pairs", "takes", "moves"))
        m.d.comb += [
            free.eq(~self.o.valid | self.o.ready),
            pairs.eq(phase >= TAKEN),
            self.i.ready.eq(free & ~pairs & ~self.restart),
            takes.eq(self.i.valid & self.i.ready),
            moves.eq(takes | (free & pairs)),
        ]
        with m.If(moves):
            m.d.sync += phase.eq(Mux(phase == GIVEN - 1, 0, phase + 1))
        with m.If(free):
            m.d.sync += self.o.valid.eq(moves)
        with m.If(self.restart):
            m.d.sync += [phase.eq(0), self.o.valid.eq(0)]

        codes = Array(Const(code, TRIPLE_BITS) for code in _CODES)
        for triple in range(self._triples):
            byte = self.i.payload.word_select(triple, 8)
            first, second, third = (
                Signal(PAIR_BITS, name=f"{name}_{triple}", reset_less=True)
                for name in ("first", "second", "third"))
            code, pair = _split(byte)
            with m.If(moves):
                m.d.sync += [
                    first.eq(second), second.eq(third),
                    third.eq(Mux(pairs, Cat(third[2:], third[2:]), pair)),
                    self.o.payload.word_select(triple, TRIPLE_BITS).eq(
                        Mux(pairs, codes[Cat(first, third[:2])], code)),
                ]
        return m


def _split(byte: Value) -> tuple[Value, Value]:
    """The code of the triple of a byte, and its pair."""
    middle, upper = byte[1:TRIPLE_BITS - 1], byte[TRIPLE_BITS:]
    zero = middle.all()
    single, plus_0, plus_1 = upper
    code = Cat(byte[0], Mux(zero, upper, middle), byte[TRIPLE_BITS - 1])
    pair = Cat(~zero & ~(single & (plus_0 != plus_1)), plus_0,
               ~zero & ~(single & (plus_0 == plus_1)), plus_1)
    return code, pair


def _code_table() -> list[int]:
    """The code of each three trits, of two bits each."""
    fields = np.arange(1 << 2 * TRIPLE)[:, None] >> 2 * np.arange(TRIPLE)
    trits = np.where(fields & 1, np.where(fields & 2, 1, -1), 0)
    return triple_codes(trits[:, None, :]).reshape(-1).tolist()


_CODES = _code_table()
