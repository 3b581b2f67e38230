# amaranth: UnusedElaboratable=no
"""Weights from an SDR SDRAM: order, speed, refresh, restarts, loading, and the data sheet."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from sterna.errors import CheckError
from sterna.machine.machine import Machine
from sterna.machine.memory import Sdram
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import CHUNK_BITS
from sterna.machine.sdram import PARTS, SdramClocks, SdramPart
from sterna_hw.memory import SdramSource
from sterna_hw.memory.sdram_controller import SdramController
from sterna_sim.memory.sdram import SdramChip, SdramModel
from sterna_sim.streams import Receiver, sender, simulate

from tests.hw.spaces import Number

pytestmark = pytest.mark.verilator

CLOCK = 100e6


def small(monkeypatch: pytest.MonkeyPatch, name: str) -> SdramPart:
    """A small part with the times of a real one, which is ready soon and forgets soon."""
    made = replace(PARTS[name], name="small", row_bits=5, column_bits=5, power_up=500,
                   refreshes=64, retention=80 * 2000)
    monkeypatch.setitem(PARTS, "small", made)
    return made


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> SdramPart:
    return small(monkeypatch, "16m16")


def machine(depth: int = 300, prefetch: int = 64, rows: int = 4) -> Machine:
    base = PRESETS["small"].having(weight_depth=depth, rows=rows, columns=4)
    return base.having(memory=Sdram(part="small", hz=round(CLOCK), prefetch=prefetch))


def contents(chosen: Machine, seed: int = 1) -> tuple[bytes, list[int]]:
    size = chosen.ternary.weight_bytes
    stream = random.Random(seed).randbytes(size * chosen.ternary.weight_depth)
    words = [int.from_bytes(stream[first:first + size], "little")
             for first in range(0, len(stream), size)]
    return stream, words


async def restart(ctx, source: SdramSource) -> None:
    ctx.set(source.restart, 1)
    await ctx.tick()
    ctx.set(source.restart, 0)


def read(chosen: Machine, chip: SdramChip, clocks: SdramClocks | None = None,
         density: float = 1.0, pause: int = 0) -> tuple[Receiver, SdramModel, list[int]]:
    source = SdramSource(chosen, clocks)
    model = SdramModel(source, chip)
    stream, words = contents(chosen)
    model.write(stream)
    receiver = Receiver(source.words, len(words), seed=4, density=density)

    async def bench(ctx) -> None:
        for _ in range(pause):
            await ctx.tick()
        await restart(ctx, source)
        await receiver(ctx)
        ctx.set(source.words.ready, 1)
        for _ in range(100):
            _, _, valid = await ctx.tick().sample(source.words.valid)
            assert not valid, "words behind the last one"

    simulate(source, bench, background=[model])
    return receiver, model, words


@pytest.mark.parametrize("name, rows, density", [
    ("16m16", 4, 0.1), ("16m16", 8, 1.0), ("2m32", 4, 1.0), ("2m32", 24, 0.3),
])
def test_every_word_once_in_order(monkeypatch: pytest.MonkeyPatch, name: str, rows: int,
                                  density: float) -> None:
    chip = SdramChip(small(monkeypatch, name), CLOCK)
    receiver, _, words = read(machine(130, rows=rows), chip, density=density)
    assert receiver.values == words


def test_data_come_in_every_clock_but_for_refresh(part: SdramPart) -> None:
    chosen = machine(700)
    clocks = part.clocks(CLOCK)
    receiver, model, words = read(chosen, SdramChip(part, CLOCK), pause=300)
    assert receiver.values == words
    beats = chosen.ternary.weight_depth * chosen.ternary.weight_bytes / (part.bits / 8)
    pauses = clocks.t_rp + clocks.t_rcd + model.refreshes * clocks.t_rfc
    assert beats > 20 << part.column_bits, "many rows, so that a lost clock in each would show"
    assert receiver.clocks[-1] - receiver.clocks[0] <= beats + pauses + 8


def test_an_idle_reader_hides_the_refreshes(part: SdramPart) -> None:
    """A reader that is slower than the part gets a word whenever it asks for one."""
    chosen = machine(150)
    source = SdramSource(chosen)
    model = SdramModel(source, SdramChip(part, CLOCK))
    stream, words = contents(chosen)
    model.write(stream)
    seen = []

    async def bench(ctx) -> None:
        await restart(ctx, source)
        for _ in range(200):
            await ctx.tick()
        while len(seen) < len(words):
            ctx.set(source.words.ready, 1)
            _, _, valid, word = await ctx.tick().sample(source.words.valid, source.words.payload)
            ctx.set(source.words.ready, 0)
            assert valid, "the reader had to wait"
            seen.append(word)
            for _ in range(13):
                await ctx.tick()

    simulate(source, bench, background=[model])
    assert seen == words and model.refreshes >= 8


def test_restart_at_every_moment(part: SdramPart) -> None:
    """Restarts with bursts, activations, precharges and refreshes under way."""
    chosen = machine(100)
    source = SdramSource(chosen)
    model = SdramModel(source, SdramChip(part, CLOCK))
    stream, words = contents(chosen)
    model.write(stream)
    rng = random.Random(3)

    async def bench(ctx) -> None:
        for trial in range(40):
            await restart(ctx, source)
            for _ in range(rng.choice([trial, 50 + trial, 0])):
                await ctx.tick()
            count = rng.randrange(0, 40)
            receiver = Receiver(source.words, count, seed=trial, density=rng.choice([1, 0.5]))
            await receiver(ctx)
            assert receiver.values == words[:count]

    simulate(source, bench, background=[model])


def test_loading_reaches_the_dense_addresses(part: SdramPart) -> None:
    chosen = machine(12)
    source = SdramSource(chosen)
    model = SdramModel(source, SdramChip(part, CLOCK))
    stream, words = contents(chosen)
    chunks = -(-8 * chosen.ternary.weight_bytes // CHUNK_BITS)
    writes = [{"space": Number.WEIGHTS, "word": index, "chunk": chunk,
               "data": word >> CHUNK_BITS * chunk & 0xFFFF_FFFF}
              for index, word in enumerate(words) for chunk in range(chunks)]
    random.Random(1).shuffle(writes)
    receiver = Receiver(source.words, len(words))

    async def bench(ctx) -> None:
        # The reader fetches ahead while writes come, and is interrupted.
        await restart(ctx, source)
        await sender(source.writes, writes, density=0.7)(ctx)
        await restart(ctx, source)
        await receiver(ctx)

    simulate(source, bench, background=[model])
    assert receiver.values == words
    assert model.read(len(stream)) == stream


@pytest.mark.parametrize("seed", range(4))
def test_random_readers_never_change_a_bit(part: SdramPart, seed: int) -> None:
    """Long, with pauses of every length, restarts and writes between; refresh comes anywhere."""
    rng = random.Random(seed)
    chosen = machine(rng.randrange(60, 160), rng.choice([16, 40, 128]))
    source = SdramSource(chosen)
    model = SdramModel(source, SdramChip(part, CLOCK), seed)
    stream, words = contents(chosen, seed)
    model.write(stream)

    async def bench(ctx) -> None:
        for _ in range(8):
            if rng.random() < 0.4:
                index = rng.randrange(len(words))
                low = rng.getrandbits(32)
                words[index] = words[index] >> 32 << 32 | low
                write = {"space": Number.WEIGHTS, "word": index, "chunk": 0, "data": low}
                await sender(source.writes, [write])(ctx)
            await restart(ctx, source)
            for _ in range(rng.choice([0, rng.randrange(50), rng.randrange(900)])):
                await ctx.tick()
            count = rng.choice([len(words), rng.randrange(len(words))])
            receiver = Receiver(source.words, count, seed=rng.randrange(99),
                                density=rng.choice([1.0, 0.6, 0.15]))
            await receiver(ctx)
            assert receiver.values == words[:count]

    simulate(source, bench, background=[model])
    assert model.refreshes > 3


@pytest.mark.parametrize("shorter, parameter", [
    ({"t_rcd": 1}, "tRCD"), ({"t_rp": 1}, "tRP"), ({"t_rfc": 4}, "tRFC"),
    ({"cas_latency": 2}, "CAS latency"), ({"power_up": 3}, "power-up time"),
    ({"refresh_interval": 1600}, "refresh interval"),
])
def test_the_model_names_what_a_hasty_controller_violates(
        part: SdramPart, shorter: dict[str, int], parameter: str) -> None:
    clocks = replace(part.clocks(CLOCK), **shorter)
    with pytest.raises(CheckError, match=f"SDRAM: {parameter}: .* in clock"):
        read(machine(1900), SdramChip(part, CLOCK), clocks)


@pytest.mark.parametrize("shorter, parameter", [({"t_ras": 1}, "tRAS"), ({"t_wr": 1}, "tWR")])
def test_the_model_watches_writes(part: SdramPart, shorter: dict[str, int],
                                  parameter: str) -> None:
    source = SdramSource(machine(8), replace(part.clocks(CLOCK), **shorter))
    # A row is open for long while a beat is read and written; the part wants it longer still.
    slow = replace(part, t_ras=400) if parameter == "tRAS" else replace(part, t_wr=40)
    model = SdramModel(source, SdramChip(slow, CLOCK))
    write = {"space": Number.WEIGHTS, "word": 0, "chunk": 0, "data": 5}

    async def bench(ctx) -> None:
        await sender(source.writes, [write, write])(ctx)

    with pytest.raises(CheckError, match=f"SDRAM: {parameter}: a precharge after"):
        simulate(source, bench, background=[model])


@pytest.mark.parametrize("change, parameter", [
    ({"t_rcd": 9.0}, "tRCD"), ({"t_rp": 9.0}, "tRP"), ({"t_rfc": 40.0}, "tRFC")])
def test_the_model_knows_the_data_sheet_of_a_part_whose_table_is_wrong(
        monkeypatch: pytest.MonkeyPatch, change: dict[str, float], parameter: str) -> None:
    wrong = replace(small(monkeypatch, "2m32"), name="2m32", **change)
    monkeypatch.setitem(PARTS, "2m32", wrong)
    chosen = PRESETS["small"].having(weight_depth=300, rows=4, columns=4, memory=Sdram(
        part="2m32", hz=round(CLOCK), prefetch=64))
    with pytest.raises(CheckError, match=f"SDRAM: {parameter}: .* in clock"):
        read(chosen, SdramChip(wrong, CLOCK))


@pytest.mark.parametrize("name, hertz", [("2m32", 75e6), ("2m32", 54e6), ("16m16", 50e6)])
def test_one_clock_of_write_recovery_is_too_few(monkeypatch: pytest.MonkeyPatch, name: str,
                                                hertz: float) -> None:
    """However slow the clock: the data sheets give two clocks, not a time."""
    part = replace(small(monkeypatch, name), retention=80 * 4000)
    monkeypatch.setitem(PARTS, "small", part)
    write = {"space": Number.WEIGHTS, "word": 0, "chunk": 0, "data": 5}
    for clocks in (part.clocks(hertz), replace(part.clocks(hertz), t_wr=1)):
        source = SdramSource(machine(8), clocks)
        model = SdramModel(source, SdramChip(part, hertz))

        async def bench(ctx, source: SdramSource = source) -> None:
            await sender(source.writes, [write, write])(ctx)

        if clocks.t_wr == 2:
            simulate(source, bench, background=[model])
            continue
        with pytest.raises(CheckError, match="SDRAM: tWR: a precharge after"):
            simulate(source, bench, background=[model])


def test_too_few_refreshes_lose_the_charge(part: SdramPart) -> None:
    """A part that asks for more refreshes in its retention time than the controller thinks."""
    forgetful = replace(part, refreshes=16, retention=16 * 1900)
    with pytest.raises(CheckError, match="SDRAM: refresh count"):
        read(machine(20), SdramChip(forgetful, CLOCK), pause=3500)


def test_impossible_parts(part: SdramPart) -> None:
    with pytest.raises(ValueError, match="tRCD of 5 clocks"):
        SdramController(part, replace(part.clocks(CLOCK), t_rcd=5))
    with pytest.raises(ValueError, match="11 bits of column address"):
        SdramController(replace(part, column_bits=11), part.clocks(CLOCK))
