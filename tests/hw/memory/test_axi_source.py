# amaranth: UnusedElaboratable=no
"""Weights from AXI4 ports: order, stalls, refresh, restarts, loading."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi, constant_base
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import CHUNK_BITS, FAILED_READ, FAILED_WRITE
from sterna_hw.memory import AxiSource
from sterna_hw.memory.axi_port import AxiReadPort
from sterna_hw.memory.axi_source import axi_members
from sterna_hw.memory.gearbox import Gearbox
from sterna_sim.memory.axi_model import AxiMemory
from sterna_sim.streams import Receiver, sender, simulate

from tests.hw.spaces import Number

SMALL = PRESETS["small"].having(weight_depth=150, memory=Axi(bits=32, burst=4, prefetch=32))


def memories(source: AxiSource, machine: Machine, stream: bytes,
             **options) -> list[AxiMemory]:
    """One memory a port, with the documented share of the dense stream."""
    ports, beat = machine.outside.ports, machine.outside.bits // 8
    size = machine.outside.burst * beat
    region = -(-len(stream) // (ports * size)) * size
    regions = [bytearray(region) for _ in range(ports)]
    for index, byte in enumerate(stream):
        regions[index // beat % ports][index // (beat * ports) * beat + index % beat] = byte
    names = [name.removeprefix("m_axi_0_") for name in axi_members(machine)
             if name.startswith("m_axi_0_")]
    return [
        AxiMemory(SimpleNamespace(**{name: getattr(source, f"m_axi_{port}_{name}")
                                     for name in names}),
                  data, seed=port, **options)
        for port, data in enumerate(regions)
    ]


def restart(source: AxiSource):
    async def bench(ctx) -> None:
        ctx.set(source.restart, 1)
        await ctx.tick()
        ctx.set(source.restart, 0)

    return bench


def contents(machine: Machine, seed: int) -> tuple[bytes, list[int]]:
    size = machine.ternary.weight_bytes
    stream = random.Random(seed).randbytes(size * machine.ternary.weight_depth)
    words = [int.from_bytes(stream[first:first + size], "little")
             for first in range(0, len(stream), size)]
    return stream, words


@pytest.mark.parametrize("ports, bits, rows, columns", [
    (1, 32, 4, 16), (2, 64, 4, 16), (4, 32, 8, 16), (1, 512, 4, 16), (2, 32, 4, 8),
])
@pytest.mark.parametrize("options", [
    {}, {"stall": 0.4, "latency": 17}, {"refresh": (60, 25), "latency": 30},
])
def test_every_word_once_in_order(ports, bits, rows, columns, options) -> None:
    machine = SMALL.having(memory_ports=ports, memory_bits=bits, rows=rows,
                            columns=columns, weight_depth=70)
    source = AxiSource(machine)
    stream, words = contents(machine, bits)
    behind = memories(source, machine, stream, **options)
    receiver = Receiver(source.words, len(words), seed=1, density=0.7 if options else 1.0)

    async def quiet(ctx) -> None:
        await restart(source)(ctx)
        await receiver(ctx)
        ctx.set(source.words.ready, 1)
        for _ in range(100):
            _, _, valid = await ctx.tick().sample(source.words.valid)
            assert not valid, "words behind the last one"

    simulate(source, quiet, background=behind)
    assert receiver.values == words


def test_the_memory_never_idles() -> None:
    """Requests run ahead of a long latency, and a pause of the reader costs nothing later."""
    machine = SMALL.having(memory_prefetch=64)
    source = AxiSource(machine)
    stream, words = contents(machine, 3)
    behind = memories(source, machine, stream, latency=25)
    receiver = Receiver(source.words, len(words))

    async def bench(ctx) -> None:
        await restart(source)(ctx)
        for _ in range(40):
            await ctx.tick()
        await receiver(ctx)

    simulate(source, bench, background=behind)
    assert receiver.values == words
    assert behind[0].most > 5
    # 4 bytes a clock; at the begin the queue is filled.
    assert receiver.clocks[-1] <= len(stream) / 4 + 15 - (40 - 25)


@pytest.mark.parametrize("density", [1.0, 0.3])
def test_restart_drops_what_is_under_way(density: float) -> None:
    machine = SMALL.having(memory_ports=2, weight_depth=40)
    source = AxiSource(machine)
    stream, words = contents(machine, 5)
    behind = memories(source, machine, stream, stall=0.3, latency=20)
    rng = random.Random(2)

    async def bench(ctx) -> None:
        for trial in range(25):
            await restart(source)(ctx)
            for _ in range(rng.randrange(40)):
                await ctx.tick()
            count = rng.randrange(41)
            receiver = Receiver(source.words, count, seed=trial, density=density)
            await receiver(ctx)
            assert receiver.values == words[:count]

    simulate(source, bench, background=behind)


@pytest.mark.parametrize("ports, bits", [(1, 32), (2, 64), (4, 128)])
def test_loading_reaches_the_dense_addresses(ports: int, bits: int) -> None:
    machine = SMALL.having(memory_ports=ports, memory_bits=bits, weight_depth=20)
    source = AxiSource(machine)
    stream, words = contents(machine, 7)
    behind = memories(source, machine, bytes(len(stream)), stall=0.2)
    chunks = -(-8 * machine.ternary.weight_bytes // CHUNK_BITS)
    writes = [{"space": Number.WEIGHTS, "word": index, "chunk": chunk,
               "data": word >> CHUNK_BITS * chunk & 0xFFFF_FFFF}
              for index, word in enumerate(words) for chunk in range(chunks)]
    random.Random(1).shuffle(writes)
    receiver = Receiver(source.words, len(words))

    async def bench(ctx) -> None:
        await sender(source.writes, writes)(ctx)
        await restart(source)(ctx)
        await receiver(ctx)

    simulate(source, bench, background=behind)
    assert receiver.values == words


@pytest.mark.parametrize("late", [0, 9])
def test_a_chunk_is_taken_when_it_is_in_memory(late: int) -> None:
    machine = SMALL.having(memory_ports=2, weight_depth=3)
    source = AxiSource(machine)
    stream, words = contents(machine, 8)
    behind = memories(source, machine, bytes(len(stream)), write_latency=late)
    size, seen, due = machine.ternary.weight_bytes, [], []

    async def bench(ctx) -> None:
        for index, word in enumerate(words):
            for chunk in range(-(-size // 4)):
                data = word >> CHUNK_BITS * chunk & 0xFFFF_FFFF
                await sender(source.writes, [{"space": Number.WEIGHTS, "word": index,
                                              "chunk": chunk, "data": data}])(ctx)
                seen.append(sum(map(bool, b"".join(memory.data for memory in behind))))
                loaded = size * index + min(4 * chunk + 4, size)
                due.append(sum(map(bool, stream[:loaded])))

    simulate(source, bench, background=behind)
    assert seen == due


CONSTANTS = SMALL.having(memory_constants=True, constant_depth=70, weight_depth=60)


def with_constants(machine: Machine, seed: int) -> tuple[bytes, list, list]:
    """The dense memory with both objects, the weight words and the constant groups."""
    weights, words = contents(machine, seed)
    rng = random.Random(seed + 1)
    width, lanes = machine.vector.word_bits, machine.vector.lanes
    groups = [[rng.randrange(-(1 << width - 1), 1 << width - 1) for _ in range(lanes)]
              for _ in range(machine.vector.constant_depth)]
    dense = weights.ljust(constant_base(machine), b"\0")
    for group in groups:
        value = sum((word & (1 << width) - 1) << width * lane for lane, word in enumerate(group))
        dense += value.to_bytes(machine.vector.constant_bytes, "little")
    return dense, words, groups


@pytest.mark.parametrize("ports, bits", [(1, 32), (2, 64), (1, 512)])
@pytest.mark.parametrize("options", [{}, {"stall": 0.4, "latency": 17, "refresh": (60, 25)}])
def test_constants_share_the_ports(ports: int, bits: int, options: dict) -> None:
    """Both streams are whole and in order, whichever of them is taken first, and again."""
    machine = CONSTANTS.having(memory_ports=ports, memory_bits=bits)
    source = AxiSource(machine)
    dense, words, groups = with_constants(machine, bits)
    behind = memories(source, machine, dense, **options)
    received: list = []
    densities = [(1.0, 1.0), (0.6, 0.1), (0.1, 0.6)]

    async def bench(ctx) -> None:
        for trial, (fast, _) in enumerate(densities):
            await restart(source)(ctx)
            started.append(trial)
            receiver = Receiver(source.words, len(words), seed=trial, density=fast)
            await receiver(ctx)
            assert receiver.values == words
            while len(received) <= trial:
                await ctx.tick()
            assert received[trial] == groups

    started: list = []

    async def take_constants(ctx) -> None:
        for trial, (_, fast) in enumerate(densities):
            while len(started) <= trial:
                await ctx.tick()
            receiver = Receiver(source.constants, len(groups), seed=trial, density=fast)
            await receiver(ctx)
            received.append([list(group) for group in receiver.values])

    simulate(source, bench, background=[*behind, take_constants])


def test_constants_are_loaded_behind_the_weights() -> None:
    machine = CONSTANTS.having(memory_ports=2, constant_depth=9, weight_depth=11)
    source = AxiSource(machine)
    dense, words, groups = with_constants(machine, 4)
    behind = memories(source, machine, bytes(len(dense)), stall=0.2)
    writes = {Number.WEIGHTS: [], Number.CONSTANTS: []}
    for space, size, first in ((Number.WEIGHTS, machine.ternary.weight_bytes, 0),
                               (Number.CONSTANTS, machine.vector.constant_bytes,
                                constant_base(machine))):
        depth = len(words) if space is Number.WEIGHTS else len(groups)
        for index in range(depth):
            start = first + index * size
            value = int.from_bytes(dense[start:start + size], "little")
            writes[space] += [
                {"space": space, "word": index, "chunk": chunk,
                 "data": value >> CHUNK_BITS * chunk & 0xFFFF_FFFF}
                for chunk in range(-(-size // 4))]
    weights, constants = Receiver(source.words, 11), Receiver(source.constants, 9)

    async def bench(ctx) -> None:
        await sender(source.writes, writes[Number.WEIGHTS])(ctx)
        await sender(source.constant_writes, writes[Number.CONSTANTS])(ctx)
        await restart(source)(ctx)
        await weights(ctx)
        await constants(ctx)

    simulate(source, bench, background=behind)
    assert weights.values == words
    assert [list(group) for group in constants.values] == groups


async def taken_failure(ctx, source: AxiSource) -> int:
    """The failure that is there after a while; it is told, and then there is none."""
    await ctx.tick().repeat(10)
    failure = ctx.get(source.failure)
    ctx.set(source.failure_taken, 1)
    await ctx.tick()
    ctx.set(source.failure_taken, 0)
    await ctx.tick().repeat(3)
    assert ctx.get(source.failure) == 0
    return failure


@pytest.mark.parametrize("port, beat", [(0, 0), (1, 7), (1, 59)])
def test_error_answers_of_reads_are_told(port: int, beat: int) -> None:
    """Before the last word leaves; a run after it that meets none tells none."""
    machine = SMALL.having(memory_ports=2, weight_depth=40)
    source = AxiSource(machine)
    stream, words = contents(machine, 5)
    behind = memories(source, machine, stream, stall=0.3, latency=20)
    behind[port] = memories(source, machine, stream, stall=0.3, latency=20,
                            failing=((beat,), ()))[port]
    told: list[int] = []

    async def bench(ctx) -> None:
        for trial in range(3):
            await restart(source)(ctx)
            if trial == 0:
                # Nobody asks: the next run forgets it.
                await Receiver(source.words, 40)(ctx)
                assert ctx.get(source.failure) == FAILED_READ + port
                continue
            await Receiver(source.words, 40)(ctx)
            told.append(await taken_failure(ctx, source))

    simulate(source, bench, background=behind)
    assert told == [0, 0]


def test_error_answers_to_what_nobody_wants_are_not_told() -> None:
    """Beats that a restart finds on their way belong to no run."""
    machine = SMALL.having(weight_depth=40)
    source = AxiSource(machine)
    stream, words = contents(machine, 5)
    behind = memories(source, machine, stream, latency=20, failing=(range(8), ()))
    receiver = Receiver(source.words, len(words))

    async def bench(ctx) -> None:
        await restart(source)(ctx)
        await ctx.tick().repeat(15)  # two bursts are asked for, and nothing has come
        await restart(source)(ctx)
        await receiver(ctx)
        assert await taken_failure(ctx, source) == 0

    simulate(source, bench, background=behind)
    assert receiver.values == words


@pytest.mark.parametrize("failing", [0, 5, 12])
def test_error_answers_of_writes_are_told_once(failing: int) -> None:
    """Also behind a run, which reads what was written before."""
    machine = SMALL.having(memory_ports=2, weight_depth=4)
    source = AxiSource(machine)
    behind = memories(source, machine, bytes(machine.ternary.weight_bytes * 4),
                      failing=((), (failing,)))
    writes = [{"space": Number.WEIGHTS, "word": word, "chunk": chunk, "data": 0}
              for word in range(4) for chunk in range(4)]

    async def bench(ctx) -> None:
        await sender(source.writes, writes)(ctx)
        await restart(source)(ctx)
        assert await taken_failure(ctx, source) == FAILED_WRITE  # port 0 of two that fail
        await sender(source.writes, writes)(ctx)
        assert await taken_failure(ctx, source) == 0

    simulate(source, bench, background=behind)


@pytest.mark.parametrize("taken, given", [(1, 1), (1, 5), (4, 13), (8, 10), (6, 9), (16, 26),
                                          (4, 8), (8, 40)])
@pytest.mark.parametrize("density", [1.0, 0.4])
def test_gearbox_cuts_anywhere(taken: int, given: int, density: float) -> None:
    dut = Gearbox(taken, given)
    data = random.Random(given).randbytes(taken * given * 6)
    beats = [int.from_bytes(data[i:i + taken], "little") for i in range(0, len(data), taken)]
    words = [int.from_bytes(data[i:i + given], "little") for i in range(0, len(data), given)]
    receiver = Receiver(dut.o, len(words), density=density)
    simulate(dut, sender(dut.i, beats, density=density, seed=3), receiver)
    assert receiver.values == words
    if density == 1.0:
        last_taken = len(beats) - 1
        assert receiver.clocks[-1] == last_taken + dut.stages + 1


def test_impossible_sizes() -> None:
    with pytest.raises(ValueError, match="longer than words"):
        Gearbox(5, 4)
    with pytest.raises(ValueError, match="may cross 4096"):
        AxiReadPort(512, 128, 512, 1)
    with pytest.raises(ValueError, match="shorter than two bursts"):
        AxiReadPort(64, 16, 31, 1)
