# amaranth: UnusedElaboratable=no
"""AXI4 ports at the edges: resets and restarts in mid-burst, early RLAST, 4 kB, most beats."""

from __future__ import annotations

import random
from typing import Any

import pytest
from amaranth.hdl import ClockDomain, Elaboratable, Module, Signal
from sterna.machine.protocol import CHUNK_BITS
from sterna_hw.memory import AxiSource
from sterna_hw.memory.axi_read_guard import AxiReadGuard
from sterna_sim.streams import Receiver, sender, simulate

from tests.hw.memory.test_axi_source import (
    CONSTANTS,
    SMALL,
    contents,
    memories,
    restart,
    with_constants,
)
from tests.hw.spaces import Number


class Resettable(Elaboratable):
    """A component with a reset of its own, which the simulated memories do not see."""

    def __init__(self, unit: Any) -> None:
        self.unit, self.reset = unit, Signal()

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        domain: Any = ClockDomain("sync")
        m.domains.sync = domain
        m.d.comb += domain.rst.eq(self.reset)
        m.submodules.unit = self.unit
        return m

    async def pulse(self, ctx: Any, clocks: int) -> None:
        ctx.set(self.reset, 1)
        for _ in range(clocks):
            await ctx.tick()
        ctx.set(self.reset, 0)


@pytest.mark.parametrize("ports, constants, latency, stall", [
    (1, False, 3, 0.0), (2, True, 25, 0.3), (1, True, 60, 0.6)])
def test_reads_after_a_reset(ports, constants, latency, stall) -> None:
    """At any clock of the reads, after one clock or many, twice in a row."""
    machine = (CONSTANTS if constants else SMALL).having(memory_ports=ports, weight_depth=40)
    if constants:
        machine = machine.having(constant_depth=20)
        stream, words, groups = with_constants(machine, 5)
    else:
        stream, words = contents(machine, 5)
        groups = []
    source = AxiSource(machine)
    dut, behind = Resettable(source), memories(source, machine, stream, stall=stall,
                                               latency=latency)
    rng = random.Random(latency)

    async def bench(ctx) -> None:
        for trial in range(6):
            await restart(source)(ctx)
            for _ in range(rng.randrange(90)):
                await ctx.tick()
            receiver = Receiver(source.words, rng.randrange(10), seed=trial)
            await receiver(ctx)
            await dut.pulse(ctx, rng.choice((1, 2, 9)))
            for _ in range(rng.randrange(8)):
                await ctx.tick()
            await restart(source)(ctx)
            for taken, expected in ((source.words, words),
                                    *([(source.constants, groups)] if constants else [])):
                receiver = Receiver(taken, len(expected), seed=trial)
                await receiver(ctx)
                assert receiver.values == expected

    simulate(dut, bench, background=behind)


@pytest.mark.parametrize("bits", [32, 64])
def test_writes_after_a_reset(bits: int) -> None:
    """A write on offer or unanswered is finished first, whichever object it was for."""
    machine = CONSTANTS.having(memory_ports=2, memory_bits=bits, weight_depth=3,
                            constant_depth=3)
    stream, words, groups = with_constants(machine, 6)
    source = AxiSource(machine)
    dut = Resettable(source)
    behind = memories(source, machine, bytes(len(stream)), stall=0.5)
    width = machine.vector.word_bits

    def chunks(space: Number, values: list[int], size: int) -> list[dict[str, int]]:
        return [{"space": space, "word": index, "chunk": chunk,
                 "data": value >> CHUNK_BITS * chunk & 0xFFFF_FFFF}
                for index, value in enumerate(values) for chunk in range(-(-size // 4))]

    packed = [sum((word & (1 << width) - 1) << width * lane for lane, word in enumerate(group))
              for group in groups]
    weights = chunks(Number.WEIGHTS, words, machine.ternary.weight_bytes)
    constants = chunks(Number.CONSTANTS, packed, machine.vector.constant_bytes)
    rng = random.Random(bits)

    async def bench(ctx) -> None:
        for _ in range(12):
            port, chunk = rng.choice(((source.writes, weights[0]),
                                      (source.constant_writes, constants[0])))
            put_in(ctx, port, chunk | {"data": 0xDEADBEEF})
            for _ in range(rng.randrange(60)):
                await ctx.tick()
            ctx.set(port.valid, 0)
            await dut.pulse(ctx, rng.choice((1, 2)))
            await sender(source.constant_writes, constants[:1])(ctx)
            await sender(source.writes, weights[:1])(ctx)
        await sender(source.writes, weights)(ctx)
        await sender(source.constant_writes, constants)(ctx)
        await restart(source)(ctx)
        for taken, expected in ((source.words, words), (source.constants, groups)):
            receiver = Receiver(taken, len(expected))
            await receiver(ctx)
            assert receiver.values == expected

    simulate(dut, bench, background=behind)


def put_in(ctx: Any, port: Any, chunk: dict[str, int]) -> None:
    ctx.set(port.payload, chunk)
    ctx.set(port.valid, 1)


def test_a_memory_that_is_reset_too_owes_nothing() -> None:
    """What was asked for never comes; after a quiet time the port goes on."""
    guard = AxiReadGuard(4, 8)
    dut = Resettable(guard)

    async def bench(ctx) -> None:
        ctx.set(guard.read_arvalid, 1)
        ctx.set(guard.arready, 1)
        await ctx.tick().repeat(3)
        await dut.pulse(ctx, 2)
        for _ in range(20):
            await ctx.tick()
            assert not ctx.get(guard.arvalid) and not ctx.get(guard.read_arready)
        ctx.set(guard.forget, 1)
        await ctx.tick()
        assert ctx.get(guard.arvalid) and ctx.get(guard.read_arready)

    simulate(dut, bench)


@pytest.mark.parametrize("lasts, wrong, beats", [
    ([0, 0, 0, 1], [0, 0, 0, 0], 4),
    ([0, 1], [0, 1, 1, 1], 2),  # two beats are made up
    ([1], [1, 1, 1, 1], 1),
    ([0, 0, 0, 0], [0, 0, 0, 1], 4),  # no RLAST at all
])
def test_bursts_are_whole_and_a_wrong_last_beat_is_an_error(lasts, wrong, beats) -> None:
    guard = AxiReadGuard(4, 8)
    seen, taken = [], 0

    async def bench(ctx) -> None:
        nonlocal taken
        for _ in range(2):
            ctx.set(guard.read_arvalid, 1)
            ctx.set(guard.arready, 1)
            await ctx.tick()
            ctx.set(guard.read_arvalid, 0)
            offered = list(lasts)
            for _ in range(12):
                ctx.set(guard.rvalid, bool(offered))
                ctx.set(guard.rlast, offered[0] if offered else 0)
                *_, valid, error, ready = await ctx.tick().sample(
                    guard.read_rvalid, guard.read_error, guard.rready)
                if valid:
                    seen.append(error)
                if ready and offered:
                    offered.pop(0)
                    taken += 1

    simulate(guard, bench)
    assert (seen, taken) == (2 * wrong, 2 * beats)


def test_restarts_ask_for_no_more_than_the_queue_holds() -> None:
    """Under a latency of several queues: beats that nobody wants any more count too."""
    machine = SMALL.having(weight_depth=40)
    source = AxiSource(machine)
    stream, words = contents(machine, 5)
    behind = memories(source, machine, stream, latency=150)

    async def bench(ctx) -> None:
        for trial in range(4):
            for _ in range(6):
                await restart(source)(ctx)
                await ctx.tick().repeat(12 + trial)
            await restart(source)(ctx)
            receiver = Receiver(source.words, len(words))
            await receiver(ctx)
            assert receiver.values == words

    simulate(source, bench, background=behind)
    assert behind[0].most == machine.outside.prefetch // machine.outside.burst


@pytest.mark.parametrize("bits, burst", [(32, 4), (32, 256), (64, 16), (128, 256), (512, 64)])
def test_no_burst_crosses_4_kb(bits: int, burst: int) -> None:
    """A region of more than 8 kB in each port, from the first to the last burst."""
    machine = SMALL.having(memory_bits=bits, memory_burst=burst,
                            memory_prefetch=2 * burst, weight_depth=8800 // 13)
    source = AxiSource(machine)
    stream, words = contents(machine, 5)
    behind = memories(source, machine, stream, latency=2)
    receiver = Receiver(source.words, len(words))

    async def bench(ctx) -> None:
        await restart(source)(ctx)
        await receiver(ctx)

    assert len(stream) > 2 * 4096
    simulate(source, bench, background=behind)
    assert receiver.values == words
    assert behind[0].requests == -(-len(stream) * 8 // (bits * burst))
