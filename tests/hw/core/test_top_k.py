"""Top-k against sorting in Python."""

from __future__ import annotations

import random

import pytest
from amaranth.sim import Simulator
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import NO_ROW
from sterna.machine.units.head import CANDIDATES
from sterna_hw.core.top_k import TopK
from sterna_sim.streams import put

LARGE = (1 << 17) - 1


def shape(lanes: int, top_k: int, head_words: int = 1,
          compact: bool = False) -> Machine:
    return PRESETS["tiny"].having(vector_lanes=lanes, rows=lanes, columns=lanes * 2, top_k=top_k,
                   head_words=head_words, compact=compact)


def model(words: list[int], limit: int, top_k: int) -> list[tuple[int, int]]:
    ranked = sorted(((-word, row) for row, word in enumerate(words[:limit])))[:top_k]
    best = [(-word, row) for word, row in ranked]
    return best + [(0, NO_ROW)] * (top_k - len(best))


def run(lanes: int, top_k: int, streams: list[tuple[list[int], int]], *, density: float = 1.0,
        seed: int = 0, head_words: int = 1,
        compact: bool = False) -> tuple[list[list[tuple[int, int]]], list[int]]:
    """For each (words, limit): the entries shown at the end and the clocks that it took."""
    dut = TopK(shape(lanes, top_k, head_words, compact))
    shown, spent, clocks = [], [], [0]

    async def count(ctx):
        while True:
            await ctx.tick()
            clocks[0] += 1

    async def testbench(ctx):
        rng = random.Random(seed)
        for words, limit in streams:
            ctx.set(dut.clear, 1)
            ctx.set(dut.limit, limit)
            await ctx.tick()
            ctx.set(dut.clear, 0)
            before = clocks[0]
            for start in range(0, len(words), lanes):
                while rng.random() >= density:
                    await ctx.tick()
                await put(ctx, dut.values, words[start:start + lanes])
            await ctx.tick().until(dut.idle)
            spent.append(clocks[0] - before)
            entries = []
            for index in range(top_k):
                ctx.set(dut.index, index)
                await ctx.tick()
                *_, value, row = await ctx.tick().sample(dut.value, dut.row)
                entries.append((value, row))
            shown.append(entries)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.add_testbench(count, background=True)
    simulator.run()
    return shown, spent


def random_words(rng: random.Random, count: int, spread: int) -> list[int]:
    return [rng.randint(-spread, spread) for _ in range(count)]


@pytest.mark.parametrize("lanes, top_k, head_words", [
    (2, 4, 1), (8, 16, 1), (4, 1, 1), (2, 3, 1), (4, 64, 1), (8, 16, 2), (4, 1, 4), (16, 8, 8),
])
@pytest.mark.parametrize("density", [1.0, 0.2])
def test_random_streams(lanes, top_k, head_words, density):
    rng = random.Random(lanes * top_k)
    streams = []
    for spread in (1, 5, 300, LARGE):
        words = random_words(rng, lanes * rng.randrange(3, 60), spread)
        # The last group is padding in part: the limit is no multiple of the lanes.
        streams.append((words, len(words) - rng.randrange(lanes)))
    shown, _ = run(lanes, top_k, streams, density=density, seed=1, head_words=head_words)
    assert shown == [model(words, limit, top_k) for words, limit in streams]


@pytest.mark.parametrize("words", [
    pytest.param([7] * 40, id="all equal"),
    pytest.param([-9, -3, -3, -100] * 8, id="negative with ties"),
    pytest.param([-LARGE] * 16, id="smallest"),
    pytest.param(list(range(-50, 50)), id="growing"),
    pytest.param(list(range(50, -50, -1)), id="falling"),
    pytest.param([LARGE, -LARGE] * 12, id="extremes"),
    pytest.param([5, 6], id="fewer than k"),
    pytest.param([], id="none"),
])
@pytest.mark.parametrize("lanes, head_words", [(2, 1), (2, 2), (4, 2)])
def test_special_streams(words, lanes, head_words):
    words = words[:len(words) // lanes * lanes]
    streams = [(words, limit) for limit in sorted({0, 1, 3, len(words), len(words) + 1, 1 << 31})]
    shown, _ = run(lanes, 4, streams, head_words=head_words)
    assert shown == [model(words, limit, 4) for _, limit in streams]


@pytest.mark.parametrize("lanes, top_k", [(1, 4), (2, 3)])
def test_without_a_queue(lanes: int, top_k: int) -> None:
    """Growing, falling and random words, when each better one waits for the list."""
    rng = random.Random(top_k)
    for words in ([*range(-20, 20)], [*range(20, -20, -1)], random_words(rng, 200, 9)):
        for density in (1.0, 0.3):
            shown, _ = run(lanes, top_k, [(words, len(words) - 1)], density=density, compact=True)
            assert shown == [model(words, len(words) - 1, top_k)]


def test_one_word_a_clock_when_the_list_has_settled():
    rng = random.Random(3)
    words = [LARGE - place for place in range(16)] + random_words(rng, 2000, 1000)
    _, (clocks,) = run(8, 16, [(words, len(words))])
    filling = sum(range(1, 17)) + 16
    assert clocks <= len(words) + filling - CANDIDATES


@pytest.mark.parametrize("head_words", [2, 8])
def test_several_words_a_clock(head_words):
    rng = random.Random(5)
    words = [LARGE - place for place in range(8)] + random_words(rng, 8 * 500, 1000)
    _, (clocks,) = run(8, 8, [(words, len(words))], head_words=head_words)
    filling = sum(range(1, 9)) + 8
    assert clocks <= len(words) / head_words + filling


def test_clocks_of_a_random_stream():
    rng = random.Random(4)
    words = random_words(rng, 4096, LARGE)
    (shown,), (clocks,) = run(8, 16, [(words, len(words))])
    assert shown == model(words, len(words), 16)
    assert clocks < 1.15 * len(words)
