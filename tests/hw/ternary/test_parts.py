# amaranth: UnusedElaboratable=no
"""Trit decoder, adder tree, lane array, code banks and accumulators, each against numpy."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.machine.presets import PRESETS, token_machine
from sterna.machine.trits import pack_trits, unpack_trits
from sterna_hw.ternary.accumulators import Accumulators
from sterna_hw.ternary.adder_tree import AdderTree, sum_bits, tree_latency
from sterna_hw.ternary.code_banks import CodeBanks
from sterna_hw.ternary.lane_array import LaneArray
from sterna_hw.ternary.trit_decoder import TritDecoder
from sterna_sim.streams import put, simulate


def _trit(value: int, rng: np.random.Generator) -> dict:
    """A decoded trit; the sign of a zero is arbitrary."""
    return {"nonzero": int(value != 0), "plus": int(value > 0) if value else int(rng.integers(2))}


def test_decoder_knows_every_byte() -> None:
    dut = TritDecoder()
    expected = unpack_trits(np.arange(256, dtype=np.uint8).reshape(-1, 1), 5)

    async def bench(ctx) -> None:
        for byte in range(256):
            ctx.set(dut.byte, byte)
            await ctx.tick()
            trits = [ctx.get(dut.trits[index]) for index in range(5)]
            values = [int(trit.nonzero) * (2 * int(trit.plus) - 1) for trit in trits]
            assert values == expected[byte].tolist(), f"byte {byte:#04x}"

    simulate(dut, bench)


def _extremes(columns: int) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(np.full(columns, code), np.full(columns, trit))
            for code in (-127, 0, 127) for trit in (-1, 0, 1)]


@pytest.mark.parametrize("columns", [2, 4, 16, 64])
def test_adder_tree(columns: int) -> None:
    rng = np.random.default_rng(columns)
    dut = AdderTree(columns)
    cases = _extremes(columns) + [
        (rng.integers(-127, 128, columns), rng.integers(-1, 2, columns)) for _ in range(40)]
    totals = []

    async def bench(ctx) -> None:
        for clock in range(len(cases) + tree_latency(columns)):
            codes, trits = cases[min(clock, len(cases) - 1)]
            for column in range(columns):
                ctx.set(dut.codes[column], int(codes[column]))
                ctx.set(dut.negated[column], -int(codes[column]))
                ctx.set(dut.trits[column], _trit(int(trits[column]), rng))
            _, _, total = await ctx.tick().sample(dut.total)
            totals.append(total)

    simulate(dut, bench)
    expected = [int(codes @ trits) for codes, trits in cases]
    assert totals[tree_latency(columns):] == expected
    assert max(expected) == 127 * columns < 1 << (sum_bits(columns) - 1)


@pytest.mark.parametrize("columns", [0, 1, 12])
def test_adder_tree_shape(columns: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        AdderTree(columns)


@pytest.mark.parametrize("rows, columns, lanes", [(2, 4, 2), (3 * 4, 8, 4), (4, 16, 4)])
def test_lane_array(rows: int, columns: int, lanes: int) -> None:
    machine = token_machine(
        rows=rows, columns=columns, vector_lanes=lanes, code_depth=64)
    rng = np.random.default_rng(rows)
    dut = LaneArray(machine)
    count = 40
    codes = rng.integers(-127, 128, (count, columns))
    trits = rng.integers(-1, 2, (count, rows, columns))
    codes[0], trits[0] = 127, 1
    codes[1], trits[1] = 127, -1
    seen = []

    async def bench(ctx) -> None:
        for clock in range(count + dut.latency):
            word = pack_trits(trits[min(clock, count - 1)].reshape(-1))
            ctx.set(dut.word, int.from_bytes(word.tobytes(), "little"))
            for column in range(columns):
                ctx.set(dut.codes[column], int(codes[min(max(clock - 1, 0), count - 1), column]))
            _, _, *sums = await ctx.tick().sample(*(dut.sums[row] for row in range(rows)))
            seen.append(sums)

    simulate(dut, bench)
    expected = np.einsum("tc,trc->tr", codes, trits)
    assert np.array_equal(np.array(seen[dut.latency:]), expected)


@pytest.mark.parametrize("groups", [1, 4, 8, 16])
def test_accumulators(groups: int) -> None:
    machine = token_machine(rows=2, columns=4, vector_lanes=2, block_groups=groups,
                                          code_depth=64, accumulator_bits=16)
    rng = np.random.default_rng(groups)
    dut = Accumulators(machine, 12)
    model = np.zeros((groups, 2), dtype=np.int64)

    async def bench(ctx) -> None:
        for step in range(400):
            slot, valid = int(rng.integers(groups)), bool(rng.integers(4))
            first = step < groups or bool(rng.integers(2))
            slot = step if step < groups else slot
            sums = rng.choice([-2048, 2047, int(rng.integers(-2048, 2048))], 2)
            ctx.set(dut.valid, valid or step < groups)
            ctx.set(dut.slot, slot + 1)
            ctx.set(dut.again, not first)
            for row in range(2):
                ctx.set(dut.sums[row], int(sums[row]))
            _, _, *values = await ctx.tick().sample(dut.values[0], dut.values[1])
            total = (0 if first else model[slot]) + sums
            total = (total + (1 << 15)) % (1 << 16) - (1 << 15)
            assert values == total.tolist()
            if valid or step < groups:
                model[slot] = total

    simulate(dut, bench)


def test_code_banks_fill_in_turn() -> None:
    machine = PRESETS["tiny"]
    dut = CodeBanks(machine)

    async def write(ctx, start: int, groups: int, last: bool) -> None:
        for group in range(groups):
            codes = [start + 2 * group, -(start + 2 * group + 1)]
            await put(ctx, dut.groups, {"codes": codes, "last": last and group == groups - 1})

    async def bench(ctx) -> None:
        def state() -> tuple[int, int, int]:
            return ctx.get(dut.available), ctx.get(dut.complete), ctx.get(dut.groups.ready)

        async def read(tile: int) -> list[int]:
            ctx.set(dut.tile, tile)
            assert ctx.get(dut.available)
            _, _, = await ctx.tick()
            return [ctx.get(dut.codes[column]) for column in range(4)]

        assert state() == (0, 0, 1)
        await write(ctx, 1, 1, last=False)
        assert state() == (0, 0, 1), "half a tile is no tile"
        await write(ctx, 3, 1, last=False)
        assert state() == (1, 0, 1)
        assert await read(0) == [1, -2, 3, -4]
        ctx.set(dut.tile, 1)
        assert state() == (0, 0, 1)
        await write(ctx, 5, 1, last=True)
        assert state() == (1, 1, 1), "the last group fills the bank"
        assert (await read(1))[:2] == [5, -6]
        await write(ctx, 11, 4, last=True)
        assert state() == (1, 1, 0), "both banks are taken"
        assert await read(0) == [1, -2, 3, -4]
        ctx.set(dut.release, 1)
        await ctx.tick()
        ctx.set(dut.release, 0)
        assert state() == (1, 1, 1)
        assert await read(1) == [15, -16, 17, -18]
        await write(ctx, 21, 2, last=False)
        assert await read(0) == [11, -12, 13, -14]
        ctx.set(dut.release, 1)
        await ctx.tick()
        ctx.set(dut.release, 0)
        assert state() == (1, 0, 1)
        assert await read(0) == [21, -22, 23, -24]

    simulate(dut, bench)
