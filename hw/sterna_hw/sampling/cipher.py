"""Random numbers of a place in a text: a block cipher, a round a clock."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value, unsigned
from amaranth.lib import stream
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.law.sampling import (
    CIPHER_ROUNDS,
    CIPHER_TURNS,
    NUMBER_BITS,
    POSITION_BITS,
    SEED_BITS,
    TEXT_BITS,
)

from sterna_hw.component import Component

PLACE = StructLayout({
    "seed": unsigned(SEED_BITS), "text": unsigned(TEXT_BITS), "position": unsigned(POSITION_BITS)})
"""What a random number depends on."""


class RandomNumbers(Component):
    """Speck64/96, whose key schedule is the same round: see `sterna.law.sampling`.

    Throughput: a number in `CIPHER_ROUNDS` + 1 clocks. Latency: as many from the place to the
    number, which may pass while a RUN is on.

    Members:
        places: In, stream of `PLACE`.
        numbers: Out, stream of unsigned(32).
    """

    def __init__(self) -> None:
        super().__init__({
            "places": In(stream.Signature(PLACE)),
            "numbers": Out(stream.Signature(NUMBER_BITS)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        left, right, key, key_left, following = (
            Signal(32, name=name, reset_less=True)
            for name in ("left", "right", "key", "key_left", "following"))
        number = Signal(range(CIPHER_ROUNDS))
        running = Signal()
        place = self.places.payload
        m.d.comb += [
            self.places.ready.eq(~running & (~self.numbers.valid | self.numbers.ready)),
            self.numbers.payload.eq(left),
        ]
        with m.If(self.numbers.ready):
            m.d.sync += self.numbers.valid.eq(0)
        with m.If(self.places.valid & self.places.ready):
            m.d.sync += [
                left.eq(place.position[32:]), right.eq(place.position[:32]),
                key.eq(place.seed[:32]), key_left.eq(place.seed[32:]), following.eq(place.text),
                number.eq(0), running.eq(1),
            ]
        with m.If(running):
            new_left, new_right = _round(m, "text", left, right, key)
            new_key_left, new_key = _round(m, "key", key_left, key, number)
            m.d.sync += [
                left.eq(new_left), right.eq(new_right), key.eq(new_key),
                key_left.eq(following), following.eq(new_key_left), number.eq(number + 1),
            ]
            with m.If(number == CIPHER_ROUNDS - 1):
                m.d.sync += [running.eq(0), self.numbers.valid.eq(1)]
        return m


def _round(m: Module, name: str, left: Value, right: Value, key: Value) -> tuple[Value, Value]:
    """Both words after a round."""
    down, up = CIPHER_TURNS
    total, new = Signal(32, name=f"{name}_sum"), Signal(32, name=f"{name}_left")
    m.d.comb += [
        total.eq(Cat(left[down:], left[:down]) + right),
        new.eq(total ^ key),
    ]
    return new, Cat(right[32 - up:], right[:32 - up]) ^ new
