# amaranth: UnusedElaboratable=no
"""Loadable memory and sequential source, against plain lists."""

from __future__ import annotations

import random
from typing import Any

import pytest
from amaranth.hdl import signed
from amaranth.lib.data import ArrayLayout
from sterna.machine.protocol import CHUNK_BITS
from sterna_boards.parts.family_platform import FamilyPlatform
from sterna_hw.memory import LateSource, LoadableMemory, SequentialSource
from sterna_sim.streams import Receiver, pack, sender, simulate, unpack

from tests.hw.spaces import Number


def chunks(word: int, value: int, width: int, space: Number) -> list[dict]:
    """The writes of one word."""
    return [{"space": space, "word": word, "chunk": index,
             "data": value >> CHUNK_BITS * index & 0xFFFF_FFFF}
            for index in range(-(-width // CHUNK_BITS))]


def _loads(words: list[int], width: int, space: Number) -> list[dict]:
    return [chunk for index, word in enumerate(words)
            for chunk in chunks(index, word, width, space)]


@pytest.mark.parametrize("width, depth", [(1, 2), (32, 5), (33, 16), (100, 7), (64, 1), (320, 40)])
@pytest.mark.parametrize("platform, parts", [
    (None, 1), (FamilyPlatform("ecp5"), 1), (FamilyPlatform("ecp5"), 2)])
def test_memory_keeps_what_was_written(width: int, depth: int, platform: Any, parts: int) -> None:
    rng = random.Random(width)
    dut = LoadableMemory(width, depth, Number.PROGRAM, parts=parts)
    words = [rng.getrandbits(width) for _ in range(depth)]
    writes = _loads(words, width, Number.PROGRAM)
    if platform is None:
        rng.shuffle(writes)
    # Other spaces, words and chunks beyond the memory change nothing.
    writes += chunks(0, rng.getrandbits(width), width, Number.WEIGHTS)
    writes += chunks(depth, rng.getrandbits(width), width, Number.PROGRAM)
    writes += [{"space": Number.PROGRAM, "word": 0, "chunk": 15, "data": rng.getrandbits(32)}]
    addresses = [rng.randrange(depth) for _ in range(50)]
    seen = []

    async def bench(ctx) -> None:
        await sender(dut.writes, writes, density=0.8)(ctx)
        await ctx.tick()
        for address in addresses:
            ctx.set(dut.address, address)
            ctx.set(dut.enable, 1)
            await ctx.tick()
            ctx.set(dut.enable, 0)
            ctx.set(dut.address, rng.randrange(depth))
            _, _, data = await ctx.tick().sample(dut.data)
            seen.append(data)

    simulate(dut, bench, platform=platform)
    assert seen == [words[address] for address in addresses]


@pytest.mark.parametrize("width", [5, 70])
def test_initial_words_are_there_at_power_up(width: int) -> None:
    rng = random.Random(width)
    words = [rng.getrandbits(width) for _ in range(6)]
    dut = SequentialSource(width, 9, Number.WEIGHTS, initial=words)
    receiver = Receiver(dut.words, 9)

    async def start(ctx) -> None:
        ctx.set(dut.restart, 1)
        await ctx.tick()
        ctx.set(dut.restart, 0)

    simulate(dut, start, receiver)
    assert receiver.values == [*words, 0, 0, 0]


def test_one_chunk_leaves_the_others() -> None:
    dut = LoadableMemory(96, 4, Number.WEIGHTS)
    seen = []

    async def bench(ctx) -> None:
        write = {"space": Number.WEIGHTS, "word": 2}
        writes = chunks(2, (1 << 96) - 1, 96, Number.WEIGHTS) + [dict(write, chunk=1, data=0x1234)]
        await sender(dut.writes, writes)(ctx)
        ctx.set(dut.address, 2)
        ctx.set(dut.enable, 1)
        await ctx.tick()
        await ctx.tick()
        seen.append(ctx.get(dut.data))

    simulate(dut, bench)
    assert seen == [0xFFFF_FFFF_0000_1234_FFFF_FFFF]


@pytest.mark.parametrize("width, depth", [(0, 4), (8, 0)])
def test_impossible_sizes(width: int, depth: int) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        LoadableMemory(width, depth, Number.INPUT)


SHAPE = ArrayLayout(signed(9), 5)


def _source(depth: int, seed: int) -> tuple[SequentialSource, list, list[dict]]:
    rng = random.Random(seed)
    source = SequentialSource(SHAPE, depth, Number.CONSTANTS)
    values = [unpack(SHAPE, rng.getrandbits(45)) for _ in range(depth)]
    writes = _loads([pack(SHAPE, value) for value in values], 45, Number.CONSTANTS)
    return source, values, writes


def _restart(source: SequentialSource, base: int):
    async def bench(ctx) -> None:
        ctx.set(source.base, base)
        ctx.set(source.restart, 1)
        await ctx.tick()
        ctx.set(source.restart, 0)
        ctx.set(source.base, 0)

    return bench


@pytest.mark.parametrize("depth", [1, 2, 13, 32])
@pytest.mark.parametrize("density", [1.0, 0.5, 0.1])
def test_words_come_in_order_and_wrap(depth: int, density: float) -> None:
    source, values, writes = _source(depth, depth)
    base = depth // 2
    receiver = Receiver(source.words, 3 * depth, seed=4, density=density)
    first = 0

    async def bench(ctx) -> None:
        nonlocal first
        await sender(source.writes, writes)(ctx)
        await ctx.tick()
        first = len(writes) + 1 + SequentialSource.LATENCY
        await _restart(source, base)(ctx)

    simulate(source, bench, receiver)
    assert receiver.values == [values[(base + index) % depth] for index in range(3 * depth)]
    if density == 1.0:
        assert receiver.clocks == list(range(first, first + 3 * depth))


@pytest.mark.parametrize("density", [1.0, 0.4])
def test_words_of_a_cycle_come_again(density: float) -> None:
    """From the first to the last of them, until the source is told of others."""
    dut = SequentialSource(8, 9, Number.WEIGHTS, initial=range(10, 19), cyclic=True)
    cycles, found = ((0, 2), (3, 3), (4, 8), (8, 8)), []

    async def bench(ctx) -> None:
        draw = random.Random(5)
        for first, last in cycles:
            ctx.set(dut.base, first)
            ctx.set(dut.last, last)
            ctx.set(dut.restart, 1)
            await ctx.tick()
            ctx.set(dut.restart, 0)
            words: list[int] = []
            while len(words) < 11:
                ctx.set(dut.words.ready, draw.random() < density)
                if ctx.get(dut.words.valid & dut.words.ready):
                    words.append(ctx.get(dut.words.payload))
                await ctx.tick()
            ctx.set(dut.words.ready, 0)
            found.append(words)

    simulate(dut, bench)
    assert found == [[10 + first + index % (last - first + 1) for index in range(11)]
                     for first, last in cycles]


@pytest.mark.parametrize("density", [1.0, 0.4])
def test_restart_drops_words_in_flight(density: float) -> None:
    source, values, writes = _source(16, 1)
    rng = random.Random(7)

    async def bench(ctx) -> None:
        await sender(source.writes, writes)(ctx)
        await ctx.tick()
        for _ in range(30):
            base, count = rng.randrange(16), rng.randrange(9)
            await _restart(source, base)(ctx)
            for _ in range(rng.randrange(5)):
                await ctx.tick()
            receiver = Receiver(source.words, count, seed=rng.randrange(99), density=density)
            await receiver(ctx)
            assert receiver.values == [values[(base + index) % 16] for index in range(count)]

    simulate(source, bench)


def test_nothing_comes_before_the_first_restart() -> None:
    source, _, _ = _source(4, 1)

    async def bench(ctx) -> None:
        for _ in range(20):
            _, _, valid = await ctx.tick().sample(source.words.valid)
            assert not valid

    simulate(source, bench)


@pytest.mark.parametrize("width, depth, delay", [(5, 1, 1), (70, 13, 2), (70, 13, 3), (32, 16, 3)])
@pytest.mark.parametrize("density", [1.0, 0.4])
def test_late_words_belong_to_their_transfers(width: int, depth: int, delay: int,
                                              density: float) -> None:
    rng = random.Random(depth)
    words = [rng.getrandbits(width) for _ in range(depth)]
    source = LateSource(width, depth, Number.WEIGHTS, delay)
    assert source.signature.members["words"].signature.always_valid
    base, count = depth // 2, 3 * depth
    transfers, payloads = [], []

    async def bench(ctx) -> None:
        await sender(source.writes, _loads(words, width, Number.WEIGHTS))(ctx)
        for _ in range(3):
            await ctx.tick()
        for start in (0, base):
            ctx.set(source.base, start)
            ctx.set(source.restart, 1)
            await ctx.tick()
            ctx.set(source.restart, 0)
            transfers.clear()
            payloads.clear()
            while len(transfers) < count:
                ready = rng.random() < density
                ctx.set(source.words.ready, ready)
                _, _, payload = await ctx.tick().sample(source.words.payload)
                if ready:
                    transfers.append(len(payloads))
                payloads.append(payload)
            ctx.set(source.words.ready, 0)
            for _ in range(delay):
                _, _, payload = await ctx.tick().sample(source.words.payload)
                payloads.append(payload)
            taken = [payloads[clock + delay] for clock in transfers]
            assert taken == [words[(start + index) % depth] for index in range(count)]

    simulate(source, bench)


def test_initial_words_of_a_late_source() -> None:
    source = LateSource(40, 4, Number.WEIGHTS, 2, initial=[1 << 39, 7])
    seen = []

    async def bench(ctx) -> None:
        ctx.set(source.restart, 1)
        await ctx.tick()
        ctx.set(source.restart, 0)
        ctx.set(source.words.ready, 1)
        for _ in range(5):
            _, _, payload = await ctx.tick().sample(source.words.payload)
            seen.append(payload)

    simulate(source, bench)
    assert seen[2:] == [1 << 39, 7, 0]


@pytest.mark.parametrize("delay", [0, 4])
def test_impossible_delays(delay: int) -> None:
    with pytest.raises(ValueError, match=f"1 to 3 clocks late, not {delay}"):
        LateSource(8, 4, Number.WEIGHTS, delay)
