"""The ternary engine against numpy: every accumulator, under stalls of every stream."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module, Signal
from sterna.law.planes import full, plane_limit, reach, signed_bits, ternary_planes
from sterna.machine.machine import Machine
from sterna.machine.presets import token_machine
from sterna.machine.protocol import Space, space_number
from sterna.machine.units.ternary import Lane, Ternary, groups_per_tile
from sterna.machine.weight_words import pack_words
from sterna_hw.component import Component
from sterna_hw.memory import LateSource
from sterna_hw.stream import connect_streams
from sterna_hw.ternary import TernaryEngine
from sterna_sim.streams import Receiver, sender, simulate


@dataclass
class Work:
    """Commands with their codes and matrices, and the results that they must give."""

    machine: Machine
    weights: list[int] = field(default_factory=list)
    codes: list[dict] = field(default_factory=list)
    commands: list[dict] = field(default_factory=list)
    results: list[dict] = field(default_factory=list)

    def add_codes(self, codes: np.ndarray) -> None:
        lanes = self.machine.vector.lanes
        groups = codes.reshape(-1, lanes).tolist()
        self.codes += [{"codes": group, "last": int(index == len(groups) - 1)}
                       for index, group in enumerate(groups)]

    def add_command(self, codes: np.ndarray, matrix: np.ndarray, groups: int, release: bool,
                    destination: int, planes: int = 1, shift: int = 0) -> None:
        """``matrix``: [blocks * groups * rows, columns] integers, as many columns as codes."""
        rows, columns = self.machine.ternary.rows, self.machine.ternary.columns
        tiles = -(-len(codes) // columns)
        padded = np.pad(matrix, [(0, 0), (0, tiles * columns - len(codes))])
        digits = ternary_planes(padded, planes)[::-1]
        words = digits.reshape(planes, -1, groups, rows, tiles, columns).transpose(
            1, 4, 0, 2, 3, 5)
        packed = pack_words(self.machine, words.reshape(-1, rows, columns))
        self.weights += [int.from_bytes(word.tobytes(), "little") for word in packed]
        several = self.machine.ternary.planes > 1
        self.commands.append({"groups": groups, "blocks": len(words), "tiles": tiles,
                              "release": int(release), "destination": destination,
                              **({"planes": planes, "shift": shift} if several else {})})
        values = (matrix.astype(np.int64) @ codes).reshape(-1, rows)
        self.results += [{"values": row, "destination": destination,
                          **({"shift": shift} if several else {})} for row in values.tolist()]

    def add_random(self, rng: np.random.Generator, vectors: int) -> Work:
        """Some vectors of codes, each used by one to three commands."""
        shape = self.machine
        for _ in range(vectors):
            most = shape.ternary.code_depth // shape.vector.lanes
            groups_of_codes = int(rng.integers(1, most + 1))
            codes = rng.integers(-127, 128, groups_of_codes * shape.vector.lanes)
            self.add_codes(codes)
            count = int(rng.integers(1, 4))
            for index in range(count):
                groups = int(rng.integers(1, shape.ternary.block_groups + 1))
                blocks = int(rng.integers(1, 4))
                planes = int(rng.integers(1, shape.ternary.planes + 1))
                most = plane_limit(planes)
                matrix = rng.integers(
                    -most, most + 1, (blocks * groups * shape.ternary.rows, len(codes)))
                self.add_command(codes, matrix, groups, index == count - 1, int(rng.integers(2)),
                                 planes, int(rng.integers(8)) if shape.ternary.planes > 1 else 0)
        return self


def run(work: Work, seed: int, *, weights: float = 1.0, codes: float = 1.0, commands: float = 1.0,
        results: float = 1.0) -> Receiver:
    """Run the engine at these stream densities and compare every result."""
    engine = TernaryEngine(work.machine)
    receiver = Receiver(engine.results, len(work.results), seed=seed, density=results)
    simulate(
        engine,
        sender(engine.weights, work.weights, seed=seed + 1, density=weights),
        sender(engine.codes, work.codes, seed=seed + 2, density=codes),
        sender(engine.commands, work.commands, seed=seed + 3, density=commands),
        receiver,
    )
    assert receiver.values == work.results
    return receiver


def machine(rows: int, columns: int, lanes: int, block_groups: int,
                  code_depth: int, lane: Lane = "adders") -> Machine:
    return token_machine(rows=rows, columns=columns, vector_lanes=lanes, lane=lane,
                                 block_groups=block_groups, code_depth=code_depth)


SHAPES = [
    machine(2, 4, 2, 4, 32),
    machine(2, 2, 2, 1, 2),
    machine(4, 4, 4, 3, 12),
    machine(6, 8, 2, 8, 64),
    machine(8, 16, 4, 16, 64),
]
TABLE_SHAPES = [
    machine(2, 6, 2, 4, 36, "tables"),
    machine(4, 24, 4, 16, 48, "tables"),
    machine(2, 18, 2, 3, 18, "tables"),
    machine(8, 48, 8, 8, 96, "tables"),
    machine(2, 6, 2, 40, 36, "tables"),
]
TWIN_SHAPES = [replace(shape, units=tuple(
    replace(unit, lane="twin_tables") if isinstance(unit, Ternary) else unit
    for unit in shape.units)) for shape in TABLE_SHAPES[:4]]
DENSITIES = [
    {},
    {"results": 0.3},
    {"weights": 0.3},
    {"codes": 0.15},
    {"commands": 0.05},
    {"weights": 0.7, "codes": 0.6, "commands": 0.4, "results": 0.6},
]


def shape_name(shape: Machine) -> str:
    """Of a test."""
    ternary = shape.ternary
    return f"{ternary.rows}x{ternary.columns}x{ternary.block_groups}"


def pairs(shapes: list[Machine]) -> list[Any]:
    """Every stream stalls alone on the first shape, none and all of them on every shape."""
    return [pytest.param(
        shape, densities, id=f"{shape_name(shape)}-{'-'.join(densities) or 'free'}",
        marks=[] if shape is shapes[0] or len(densities) != 1 else pytest.mark.long)
        for densities in DENSITIES for shape in shapes]


@pytest.mark.parametrize("shape, densities", pairs(SHAPES))
def test_random_work(shape: Machine, densities: dict) -> None:
    seed = SHAPES.index(shape) * 100 + DENSITIES.index(densities)
    work = Work(shape).add_random(np.random.default_rng(seed), 3)
    run(work, seed, **densities)


@pytest.mark.parametrize("shape, densities", [
    (TABLE_SHAPES[0], {}),
    (TABLE_SHAPES[0], {"results": 0.3}),
    (TABLE_SHAPES[0], {"weights": 0.7, "codes": 0.6, "commands": 0.4, "results": 0.6}),
    (TABLE_SHAPES[1], {"results": 0.1}),
    (TABLE_SHAPES[1], {"codes": 0.15}),
    (TABLE_SHAPES[2], {"weights": 0.3}),
    (TABLE_SHAPES[2], {"commands": 0.05}),
    (TABLE_SHAPES[3], {"weights": 0.7, "codes": 0.6, "commands": 0.4, "results": 0.6}),
    (TABLE_SHAPES[4], {}),
    (TABLE_SHAPES[4], {"weights": 0.7, "codes": 0.6, "commands": 0.4, "results": 0.6}),
], ids=lambda value: "-".join(value) or "free" if isinstance(value, dict)
   else shape_name(value))
def test_random_work_of_tables(shape: Machine, densities: dict) -> None:
    seed = TABLE_SHAPES.index(shape) * 100 + len(densities)
    work = Work(shape).add_random(np.random.default_rng(seed), 3)
    run(work, seed, **densities)


@pytest.mark.parametrize("shape, densities", pairs(TWIN_SHAPES))
def test_random_work_of_twin_tables(shape: Machine, densities: dict) -> None:
    seed = TWIN_SHAPES.index(shape) * 100 + DENSITIES.index(densities)
    work = Work(shape).add_random(np.random.default_rng(seed), 4)
    run(work, seed, **densities)


def with_planes(shape: Machine, planes: int) -> Machine:
    """The machine for matrices of up to so many planes."""
    largest = reach(full(shape.ternary.code_depth, planes))
    return shape.having(ternary_planes=planes, accumulator_bits=signed_bits(largest))


@pytest.mark.parametrize("shape, planes, densities", [
    (SHAPES[0], 2, {}),
    (SHAPES[0], 5, DENSITIES[5]),
    (SHAPES[1], 3, {"weights": 0.3}),
    (SHAPES[2], 8, {"results": 0.3}),
    (SHAPES[4], 5, {"commands": 0.05}),
    (TABLE_SHAPES[0], 5, {}),
    (TABLE_SHAPES[1], 4, DENSITIES[5]),
    (TABLE_SHAPES[2], 7, {"codes": 0.15}),
    (TWIN_SHAPES[0], 5, DENSITIES[5]),
    (TWIN_SHAPES[1], 3, {}),
], ids=lambda value: "-".join(value) or "free" if isinstance(value, dict) else
   str(value) if isinstance(value, int) else shape_name(value))
def test_random_work_of_planes(shape: Machine, planes: int, densities: dict) -> None:
    """Matrices of any number of planes behind each other, on the same codes and on others."""
    rng = np.random.default_rng(planes)
    run(Work(with_planes(shape, planes)).add_random(rng, 4), planes, **densities)


@pytest.mark.parametrize("code", [-127, 127])
@pytest.mark.parametrize("weight", [-121, 121])
@pytest.mark.parametrize("lane, columns", [("adders", 4), ("tables", 6)])
def test_extremes_of_planes(code: int, weight: int, lane: Lane, columns: int) -> None:
    """The largest sum just fits the accumulators."""
    shape = with_planes(token_machine(
        rows=2, columns=columns, vector_lanes=2, block_groups=2, code_depth=192, lane=lane), 5)
    work = Work(shape)
    codes = np.full(192, code)
    work.add_codes(codes)
    work.add_command(codes, np.full((4, 192), weight), 2, True, 0, 5)
    run(work, 1)
    assert work.results[0]["values"] == [192 * code * weight] * 2


@pytest.mark.parametrize("densities", [{}, {"codes": 0.3, "results": 0.3}], ids=["free", "stalls"])
@pytest.mark.parametrize("shape", [TABLE_SHAPES[1], TWIN_SHAPES[1]], ids=["tables", "twin_tables"])
def test_words_from_a_late_source(shape: Machine, densities: dict[str, float]) -> None:
    """As on chip: the payload of a weight word comes clocks after its transfer."""
    work = Work(shape).add_random(np.random.default_rng(7), 2)
    system = LateSystem(shape, work.weights)
    receiver = Receiver(system.results, len(work.results), seed=1,
                        density=densities.get("results", 1.0))
    simulate(
        system,
        sender(system.codes, work.codes, seed=2, density=densities.get("codes", 1.0)),
        sender(system.commands, work.commands, seed=3),
        receiver,
    )
    assert receiver.values == work.results


class LateSystem(Component):
    """An engine with its weights in a `LateSource`, which restarts in the first clock."""

    def __init__(self, shape: Machine, words: list[int]) -> None:
        self._source = LateSource(
            8 * shape.ternary.weight_bytes, len(words), space_number(shape, Space.WEIGHTS), 3,
            words)
        self._engine = TernaryEngine(shape, 3)
        super().__init__({name: self._engine.signature.members[name]
                          for name in ("codes", "commands", "results")})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.source, m.submodules.engine = source, engine = self._source, self._engine
        started = Signal()
        m.d.sync += started.eq(1)
        m.d.comb += source.restart.eq(~started)
        connect_streams(m, source.words, engine.weights)
        connect_streams(m, self.codes, engine.codes)
        connect_streams(m, self.commands, engine.commands)
        connect_streams(m, engine.results, self.results)
        return m


@pytest.mark.parametrize("code", [-127, 0, 127])
@pytest.mark.parametrize("trit", [-1, 0, 1])
@pytest.mark.parametrize("lane, columns", [("adders", 4), ("tables", 6), ("twin_tables", 6)])
def test_extremes(code: int, trit: int, lane: Lane, columns: int) -> None:
    shape = token_machine(rows=2, columns=columns, vector_lanes=2, block_groups=2,
                                  code_depth=192, accumulator_bits=16, lane=lane)
    work = Work(shape)
    codes = np.full(192, code)
    work.add_codes(codes)
    work.add_command(codes, np.full((4, 192), trit), 2, True, 0)
    run(work, 1)
    assert work.results[0]["values"] == [192 * code * trit] * 2


def test_rest_of_the_last_tile_counts_as_filled() -> None:
    """A short vector after a long one: its tile has stale codes under zero weights."""
    shape = SHAPES[0]
    work = Work(shape)
    for length in (8, 8, 2, 6, 4, 2):
        codes = np.full(length, 100)
        work.add_codes(codes)
        work.add_command(codes, np.ones((2, length), dtype=int), 1, True, 1)
    run(work, 5, codes=0.4)


@pytest.mark.parametrize("shape", SHAPES, ids=shape_name)
def test_single_steps_follow_each_other(shape: Machine) -> None:
    """Commands of one weight word on the same codes: one result a clock."""
    rng = np.random.default_rng(3)
    work = Work(shape)
    codes = rng.integers(-127, 128, shape.ternary.columns)
    work.add_codes(codes)
    for index in range(60):
        matrix = rng.integers(-1, 2, (shape.ternary.rows, shape.ternary.columns))
        work.add_command(codes, matrix, 1, index == 59, index % 2)
    clocks = run(work, 9).clocks
    assert clocks == list(range(clocks[0], clocks[0] + 60))


@pytest.mark.parametrize("groups, tiles", [(1, 1), (1, 3), (2, 2), (3, 1), (4, 2)])
def test_no_bubbles(groups: int, tiles: int) -> None:
    """With codes ahead, N weight words take N clocks, over blocks, tiles, commands and banks."""
    shape = SHAPES[0]
    rng = np.random.default_rng(groups * 10 + tiles)
    work = Work(shape)
    matrices = 8
    for index in range(matrices):
        codes = rng.integers(-127, 128, tiles * shape.ternary.columns)
        work.add_codes(codes)
        # Long enough that the next codes are there in time.
        for command in range(3):
            matrix = rng.integers(-1, 2, (4 * groups * shape.ternary.rows, len(codes)))
            work.add_command(codes, matrix, groups, command == 2, index % 2)

    engine = TernaryEngine(shape)
    receiver = Receiver(engine.results, len(work.results))
    trace: list[tuple[int, ...]] = []

    async def observe(ctx) -> None:
        while True:
            _, _, *flags = await ctx.tick().sample(
                engine.busy, engine.waiting_codes, engine.waiting_weights, engine.idle)
            trace.append(tuple(flags))

    async def commands(ctx) -> None:
        # Two code vectors are in both banks before the first command.
        for _ in range(2 * tiles * groups_per_tile(shape) + 2):
            await ctx.tick()
        await sender(engine.commands, work.commands)(ctx)

    async def settle(ctx) -> None:
        while len(receiver.values) < len(work.results):
            await ctx.tick()
        await ctx.tick()
        await ctx.tick()

    simulate(engine, sender(engine.weights, work.weights), sender(engine.codes, work.codes),
             commands, receiver, settle, background=[observe])
    assert receiver.values == work.results
    busy = [clock for clock, flags in enumerate(trace) if flags[0]]
    assert busy == list(range(busy[0], busy[0] + len(work.weights)))
    assert receiver.clocks[-1] == busy[-1] + engine.latency
    assert not any(waits_codes or waits_weights for _, waits_codes, waits_weights, _ in trace)
    idle = [flags[3] for flags in trace]
    assert all(idle[:busy[0] - 1]) and all(idle[receiver.clocks[-1] + 2:])
    assert not any(idle[busy[0]:receiver.clocks[-1] + 2])


def test_waiting_flags_name_what_is_missing() -> None:
    shape = SHAPES[0]
    engine = TernaryEngine(shape)
    seen = []

    async def bench(ctx) -> None:
        async def flags() -> None:
            seen.append((ctx.get(engine.busy), ctx.get(engine.waiting_codes),
                         ctx.get(engine.waiting_weights), ctx.get(engine.idle)))

        await flags()
        command = {"groups": 1, "blocks": 1, "tiles": 1, "release": 1, "destination": 0}
        await sender(engine.commands, [command])(ctx)
        await flags()
        await sender(engine.codes, [{"codes": [1, 2], "last": 0}])(ctx)
        await flags()
        await sender(engine.codes, [{"codes": [3, 4], "last": 1}])(ctx)
        await flags()
        ctx.set(engine.weights.valid, 1)
        await flags()
        await ctx.tick()
        await flags()

    simulate(engine, bench)
    assert seen == [(0, 0, 0, 1), (0, 1, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (1, 0, 0, 0),
                    (0, 0, 0, 0)]


def test_release_waits_for_the_last_group() -> None:
    """Codes that end after the last tile that is used do not run into the next vector."""
    shape = SHAPES[0]
    work = Work(shape)
    for length in (8, 8, 4, 8):
        codes = np.arange(1, length + 1) + 10 * len(work.commands)
        work.add_codes(codes)
        work.add_command(codes[:4], np.ones((2, 4), dtype=int), 1, True, 0)
    run(work, 2, codes=0.2)


def test_two_banks_let_codes_come_while_the_engine_works() -> None:
    """The next vector is taken completely while the first one is in use."""
    shape = SHAPES[0]
    engine = TernaryEngine(shape)
    codes = [{"codes": [1, 1], "last": int(index % 4 == 3)} for index in range(12)]
    taken = 0

    async def offer(ctx) -> None:
        nonlocal taken
        for group in codes:
            ctx.set(engine.codes.payload, group)
            ctx.set(engine.codes.valid, 1)
            ready = False
            while not ready:
                _, _, ready = await ctx.tick().sample(engine.codes.ready)
            taken += 1

    async def watch(ctx) -> None:
        command = {"groups": 1, "blocks": 4, "tiles": 2, "release": 1, "destination": 0}
        await sender(engine.commands, [command])(ctx)
        for _ in range(20):
            await ctx.tick()
        assert taken == 8
        await sender(engine.weights, [0] * 8)(ctx)
        for _ in range(6):
            await ctx.tick()
        assert taken == 12

    simulate(engine, watch, background=[offer])


@pytest.mark.parametrize("groups, tiles, clocks", [(1, 3, 15), (4, 2, 18), (3, 1, 3)])
def test_table_tiles_follow_each_other(groups: int, tiles: int, clocks: int) -> None:
    """A tile takes its words and ``tile_clocks``; where there is only one, it stays."""
    shape = TABLE_SHAPES[1]
    work = Work(shape.having(code_depth=tiles * shape.ternary.columns))
    rng = np.random.default_rng(groups)
    codes = rng.integers(-127, 128, tiles * shape.ternary.columns)
    work.add_codes(codes)
    trits = rng.integers(-1, 2, (5 * groups * shape.ternary.rows, len(codes)))
    work.add_command(codes, trits, groups,
                     True, 0)
    taken = run(work, 3).clocks
    assert np.diff(taken[groups - 1::groups]).tolist() == [clocks * tiles] * 4


@pytest.mark.parametrize("groups, tiles, clocks", [(1, 3, 14), (13, 2, 14), (16, 2, 16), (3, 1, 3)])
def test_tables_of_the_next_tile_are_written_meanwhile(groups: int, tiles: int,
                                                       clocks: int) -> None:
    """A tile takes its words, but at least ``least_tile_clocks``; also from command to command."""
    shape = TWIN_SHAPES[1].having(code_depth=tiles * TWIN_SHAPES[1].ternary.columns)
    work = Work(shape)
    rng = np.random.default_rng(groups)
    codes = rng.integers(-127, 128, tiles * shape.ternary.columns)
    work.add_codes(codes)
    trits = rng.integers(-1, 2, (4 * groups * shape.ternary.rows, len(codes)))
    for command in range(3):
        work.add_command(codes, trits, groups, command == 2, 0)
    taken = run(work, 3).clocks
    blocks = np.diff(taken[groups - 1::groups]).tolist()
    if tiles == 1:
        # New tables for each command, which the words of the one before hide all but two clocks of.
        assert blocks == ([3] * 3 + [3 + 2]) * 2 + [3] * 3
    else:
        assert blocks == [clocks * tiles] * 11


@pytest.mark.parametrize("shape", [TABLE_SHAPES[0], TWIN_SHAPES[0]], ids=["tables", "twin_tables"])
def test_release_with_tables_waits_for_the_last_group(shape: Machine) -> None:
    """As with adders: codes after the last tile that is used do not run into the next vector."""
    work = Work(shape)
    for length in (12, 12, 6, 12):
        codes = np.arange(1, length + 1) + 10 * len(work.commands)
        work.add_codes(codes)
        work.add_command(codes[:6], np.ones((4, 6), dtype=int), 1, True, 0)
    run(work, 2, codes=0.2)
