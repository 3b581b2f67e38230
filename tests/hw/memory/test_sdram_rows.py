# amaranth: UnusedElaboratable=no
"""Rows of token streams from an SDR SDRAM, alone and beside weights: restarts, loading."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from sterna.machine.machine import Machine
from sterna.machine.memory import Chip, Sdram
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import Space, space_number
from sterna.machine.row_memory import RowsBesideWeights, RowsInSdram, row_base, row_period
from sterna.machine.sdram import PARTS
from sterna_hw.memory import SdramSource
from sterna_hw.memory.row_words import signed_digits
from sterna_sim.memory.sdram import SdramChip, SdramModel
from sterna_sim.streams import Receiver, sender, simulate

pytestmark = pytest.mark.verilator

CLOCK, DEPTH, GROUPS = 100e6, 120, 11


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A small part with the times of a real one, which is ready soon and forgets soon."""
    made = replace(PARTS[request.param], name="small", row_bits=5, column_bits=5, power_up=500,
                   refreshes=64, retention=80 * 2000)
    monkeypatch.setitem(PARTS, "small", made)
    return "small"


def machine(alone: bool, lanes: int, streams: int) -> Machine:
    base = PRESETS["small"].having(
        rows=lanes, columns=16, vector_lanes=lanes, weight_depth=90, streams=streams,
        input_depth=DEPTH, head_words=1)
    if alone:
        return base.having(memory=Chip(), row_memory=RowsInSdram(
            part="small", hz=round(CLOCK), row_groups=GROUPS))
    return base.having(memory=Sdram(part="small", hz=round(CLOCK), prefetch=32),
                       row_memory=RowsBesideWeights(row_groups=GROUPS))


@pytest.mark.parametrize("part, alone, lanes, streams", [
    ("16m16", True, 8, 1), ("16m16", False, 4, 2), ("2m32", False, 8, 1), ("2m32", True, 2, 2),
], indirect=["part"])
def test_every_run_gets_its_rows(part: str, alone: bool, lanes: int, streams: int) -> None:
    """Restarts come at any time, words are taken at any pace, and some are loaded between."""
    chosen, rng = machine(alone, lanes, streams), random.Random(lanes)
    source = SdramSource(chosen)
    model = SdramModel(source, SdramChip(PARTS[part], CLOCK), lanes)
    size, bits = chosen.vector.constant_bytes, chosen.vector.group_bits
    rows = [rng.getrandbits(bits) for _ in range(DEPTH)]
    model.write(b"".join(row.to_bytes(size, "little") for row in rows), row_base(chosen))
    word, weights = chosen.ternary.weight_bytes, []
    if not alone:
        weights = [rng.getrandbits(8 * word) for _ in range(90)]
        model.write(b"".join(one.to_bytes(word, "little") for one in weights))
    number = space_number(chosen, Space.INPUT)

    async def bench(ctx) -> None:
        for turn in range(8):
            index = rng.randrange(DEPTH)
            low = rng.getrandbits(32)
            rows[index] = rows[index] >> 32 << 32 | low
            write = {"space": number, "word": index, "chunk": 0, "data": low}
            await sender(source.row_writes, [write])(ctx)
            bases = [rng.randrange(DEPTH - GROUPS + 1) for _ in range(streams)]
            for place, base in enumerate(bases):
                ctx.set(getattr(source, f"base_{place}"), base)
            await ctx.tick()
            ctx.set(source.restart, 1)
            await ctx.tick()
            ctx.set(source.restart, 0)
            whole = turn % 3 != 1
            for place, base in reversed([*enumerate(bases)]):
                count = GROUPS if whole else rng.randrange(GROUPS)
                given = getattr(source, f"rows_{place}")
                receiver = Receiver(given, count, seed=turn, density=rng.choice([1.0, 0.3]))
                await receiver(ctx)
                assert [as_number(value, chosen) for value in receiver.values] == rows[
                    base:base + count]
                if whole:
                    ctx.set(given.ready, 1)
                    for _ in range(30):
                        _, _, valid = await ctx.tick().sample(given.valid)
                        assert not valid, "words behind the row"
                    ctx.set(given.ready, 0)
            if weights:
                receiver = Receiver(source.words, len(weights) if whole else 5, seed=turn)
                await receiver(ctx)
                assert receiver.values == weights[:len(receiver.values)]

    simulate(source, bench, background=[model])
    assert model.refreshes > 3


def as_number(group: list[int], chosen: Machine) -> int:
    """The bits of a group of words, lane 0 lowest."""
    bits = chosen.vector.word_bits
    return sum((value & (1 << bits) - 1) << bits * lane for lane, value in enumerate(group))


def test_rows_that_are_multiples_of_the_period_begin_with_a_burst() -> None:
    base = PRESETS["standard"].having(head_words=1, row_memory=RowsInSdram())
    assert [row_period(base.having(vector_lanes=lanes)) for lanes in (1, 2, 4, 8, 16)] == [
        16, 16, 16, 8, 4]


@pytest.mark.parametrize("value", [1, 2, 3, 7, 9, 36, 63, 170])
def test_signed_digits(value: int) -> None:
    digits = signed_digits(value)
    assert sum(sign << place for place, sign in digits) == value
    assert all(after - before > 1 for (before, _), (after, _) in zip(digits, digits[1:],
                                                                     strict=False))
