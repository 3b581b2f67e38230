# amaranth: UnusedElaboratable=no
"""Weights of which some are on the chip: order, stalls, restarts, loading."""

from __future__ import annotations

import random

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi, Chip
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import CHUNK_BITS
from sterna.machine.weight_words import resident
from sterna_hw.memory import MixedWeights
from sterna_sim.streams import Receiver, sender, simulate

from tests.hw.spaces import Number

TOTAL = 90


def shape(resident_words: int) -> Machine:
    return PRESETS["small"].having(weight_depth=TOTAL, memory=Axi(resident_words=resident_words))


def test_residents_are_spread_evenly() -> None:
    for count in (1, 7, 44, 45, 46, 89):
        stays = resident(shape(count), 0, TOTAL)
        assert stays.sum() == count and not stays[0]
        assert np.array_equal(np.concatenate([resident(shape(count), start, 30)
                                              for start in (0, 30, 60)]), stays)
        places = np.flatnonzero(stays)
        assert set(np.diff(places)) <= {TOTAL // count, -(-TOTAL // count)}


@pytest.mark.parametrize("resident_words", [1, 29, 45, 89])
@pytest.mark.parametrize("density", [1.0, 0.5])
def test_all_words_in_order(resident_words: int, density: float) -> None:
    machine = shape(resident_words)
    rng = random.Random(resident_words)
    words = [rng.getrandbits(8 * machine.ternary.weight_bytes) for _ in range(TOTAL)]
    stays = resident(machine, 0, TOTAL)
    outside = [word for word, kept in zip(words, stays, strict=True) if not kept]
    inside = [word for word, kept in zip(words, stays, strict=True) if kept]
    chunks = -(-8 * machine.ternary.weight_bytes // CHUNK_BITS)
    writes = [{"space": Number.WEIGHTS, "word": index, "chunk": chunk,
               "data": word >> CHUNK_BITS * chunk & 0xFFFF_FFFF}
              for index, word in enumerate(outside + inside) for chunk in range(chunks)]
    dut = MixedWeights(machine)
    passed = Receiver(dut.outside_writes, len(outside) * chunks, density=density)

    async def bench(ctx) -> None:
        await sender(dut.writes, writes)(ctx)
        await ctx.tick()
        for trial in range(3):
            ctx.set(dut.restart, 1)
            await ctx.tick()
            ctx.set(dut.restart, 0)
            count = TOTAL if trial != 1 else 33
            source = sender(dut.outside, outside, density=density, seed=trial)
            receiver = Receiver(dut.words, count, seed=trial, density=density)
            if trial == 1:
                # A run that ends early: what is on its way is forgotten.
                source = sender(dut.outside, outside[:count - int(stays[:count].sum())])
            feeding.append(source)
            await receiver(ctx)
            assert receiver.values == words[:count]
            clocks.append(receiver.clocks[-1])

    feeding: list = []
    clocks: list[int] = []

    async def feed(ctx) -> None:
        while True:
            await ctx.tick()
            if feeding:
                await feeding.pop()(ctx)

    simulate(dut, bench, passed, background=[feed])
    assert passed.values == writes[:len(outside) * chunks]
    if density == 1.0:
        assert clocks[2] - clocks[1] <= TOTAL + 6, "one word a clock"


def test_residents_are_words_of_the_token() -> None:
    assert shape(5).having(memory=Chip()).memory.resident == 0
    with pytest.raises(InputError, match="resident_words = 90 must be"):
        shape(TOTAL)
