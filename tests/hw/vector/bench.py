"""Runs a list of commands on the simulated vector unit and compares everything with the model."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS, word_bits, word_chunks
from sterna.machine.units.vector import MultiplierSelect, Wait
from sterna_hw.vector.unit import VectorUnit
from sterna_sim.streams import Receiver, pack, sender, simulate, unpack

from tests.hw.spaces import Number
from tests.hw.vector.model import VectorModel

Command = Mapping[str, Any]
Table = Sequence[tuple[int, int]]


@dataclass
class Workload:
    """Commands, and the contents of streams and tables that they need."""

    machine: Machine
    commands: list[Command] = field(default_factory=list)
    accumulators: list[list[int]] = field(default_factory=list)
    inputs: list[list[int]] = field(default_factory=list)
    constants: list[list[int]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    def vector(self, **fields: int) -> None:
        self.commands.append({"which": 0, "vector": fields})

    def scalar(self, **fields: int) -> None:
        self.commands.append({"which": 1, "scalar": fields})

    def dump(self) -> None:
        """Append a command that shows the whole memory."""
        self.vector(length=self.machine.vector.depth, multiplier=MultiplierSelect.ONE,
                    wait=Wait.DRAIN)


@dataclass
class Trace:
    """What came out, and in which clock."""

    results: list[list[int]] = field(default_factory=list)
    clocks: list[int] = field(default_factory=list)
    scalars: list[tuple[int, int]] = field(default_factory=list)


def table_writes(machine: Machine, tables: Sequence[Table]) -> list[Any]:
    """Write chunks of all tables, with chunks of another space in between."""
    bits = machine.vector.word_bits
    assert word_bits(machine, Number.TABLES.space) == 2 * bits
    chunks = []
    for table, entries in enumerate(tables):
        for segment, (base, slope) in enumerate(entries):
            word = (base & (2**bits - 1)) | (slope & (2**bits - 1)) << bits
            for chunk in range(word_chunks(machine, Number.TABLES.space)):
                value = word >> CHUNK_BITS * chunk & (2**CHUNK_BITS - 1)
                chunks.append({"space": Number.TABLES, "word": 512 * table + segment,
                               "chunk": chunk, "data": value})
            if segment % 64 == 0:
                chunks.append({"space": Number.CONSTANTS, "word": segment, "data": 0x1234})
    return chunks


def run(work: Workload, *, seed: int = 0, density: float = 1.0, code_density: float = 1.0) -> Trace:
    """Simulate, compare results, scalars, codes, consumption and register 0; return the trace."""
    machine = work.machine
    model = VectorModel(machine, work.tables)
    model.accumulators.extend(work.accumulators)
    model.inputs.extend(work.inputs)
    model.constants.extend(work.constants)
    for command in work.commands:
        model.run(command)
    assert not (model.accumulators or model.inputs or model.constants), "test left operands over"

    unit = VectorUnit(machine)
    trace = Trace()
    codes = Receiver(unit.codes, len(model.codes), seed=seed, density=code_density)
    state: dict[str, Any] = {}

    async def monitor(ctx: Any) -> None:
        clock = 0
        vector, scalar = unit.trace_vector, unit.trace_scalar
        async for _, _, shown, words, done, mantissa, exponent in ctx.tick().sample(
                vector.valid, vector.data.as_value(), scalar.valid, scalar.mantissa,
                scalar.exponent):
            if shown:
                trace.results.append(unpack(vector.data.shape(), words))
                trace.clocks.append(clock)
            if done:
                trace.scalars.append((mantissa, exponent))
            clock += 1

    async def drive(ctx: Any) -> None:
        for chunk in table_writes(machine, work.tables):
            ctx.set(unit.writes.payload.as_value(), pack(unit.writes.payload.shape(), chunk))
            ctx.set(unit.writes.valid, 1)
            await ctx.tick()
        ctx.set(unit.writes.valid, 0)
        await sender(unit.commands, work.commands, seed=seed + 1, density=density)(ctx)
        await ctx.tick().until(unit.idle)
        state["register"] = (ctx.get(unit.result_scalar.mantissa),
                             ctx.get(unit.result_scalar.exponent))

    streams = [
        sender(stream, values, seed=seed + 2 + index, density=density)
        for index, (stream, values) in enumerate((
            (unit.accumulators, work.accumulators), (unit.inputs, work.inputs),
            (unit.constants, work.constants)))
    ]
    ranked = []
    if machine.head.gains:
        ranked = [Receiver(unit.ranked, len(model.ranked), seed=seed + 9, density=code_density)]
    simulate(unit, drive, codes, *streams, *ranked, background=[monitor], deadline=200_000)

    assert trace.scalars == model.scalar_results
    for index, (got, wanted) in enumerate(zip(trace.results, model.results, strict=True)):
        assert got == wanted, f"group {index}"
    assert [(group["codes"], group["last"]) for group in codes.values] == model.codes
    assert [group for receiver in ranked for group in receiver.values] == model.ranked
    assert state["register"] == model.scalars[0]
    return trace


def random_word(rng: random.Random, machine: Machine) -> int:
    """Words of all sizes, the extremes among them."""
    limit = machine.vector.word_limit
    if rng.random() < 0.1:
        return rng.choice([0, 1, -1, limit, -limit])
    return rng.randint(-limit, limit) >> rng.randrange(machine.vector.word_bits)


def random_group(rng: random.Random, machine: Machine) -> list[int]:
    return [random_word(rng, machine) for _ in range(machine.vector.lanes)]


def random_tables(rng: random.Random, machine: Machine) -> list[Table]:
    return [[(random_word(rng, machine), random_word(rng, machine))
             for _ in range(512)] for _ in range(machine.vector.tables)]
