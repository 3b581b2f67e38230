"""Random programs of several texts on one vector unit, each equal to the model of it alone."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import pytest
from amaranth.hdl import Const, Module
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.presets import token_machine
from sterna.machine.units.ternary import CODE_BANKS
from sterna_hw.component import Component
from sterna_hw.layouts import WriteChunk, code_group, word_group
from sterna_hw.memory.text_source import TextSource
from sterna_hw.stream import connect_streams
from sterna_hw.vector.command import SCALAR, vector_unit_command
from sterna_hw.vector.members import trace_scalar, trace_vector
from sterna_hw.vector.shared_unit import SharedVectorUnit
from sterna_sim.streams import pack, sender, simulate, unpack

from tests.hw.vector.bench import Workload, table_writes
from tests.hw.vector.model import VectorModel
from tests.hw.vector.programs import ProgramWriter

DEPTH = 2048


class WithSources(Component):
    """A vector unit, and the memories of constants and inputs; those of a text from ``base`` on."""

    def __init__(self, machine: Machine, works: list[Workload]) -> None:
        self._machine, self._works = machine, works
        texts, words = machine.texts, word_group(machine)
        super().__init__({
            **{f"commands_{text}": In(stream.Signature(vector_unit_command(machine)))
               for text in range(texts)},
            **{f"accumulators_{text}": In(stream.Signature(words)) for text in range(texts)},
            **{f"trace_vector_{text}": Out(trace_vector(machine)) for text in range(texts)},
            **{f"trace_scalar_{text}": Out(trace_scalar(machine)) for text in range(texts)},
            **{f"result_scalar_{text}": Out(SCALAR) for text in range(texts)},
            "codes": Out(stream.Signature(code_group(machine), always_ready=True)),
            "released": In(texts), "first": In(range(texts)),
            "writes": In(stream.Signature(WriteChunk)), "restart": In(1), "idle": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine, texts = self._machine, range(self._machine.texts)
        m.submodules.unit = unit = SharedVectorUnit(machine, (), 2, 1)
        connect_streams(m, self.writes, unit.writes)
        connect_streams(m, unit.codes, self.codes)
        m.d.comb += unit.inputs_there.eq(~0)
        for name, delay in (("constants", 2), ("inputs", 1)):
            rows = [getattr(work, name) for work in self._works]
            initial = [pack(word_group(machine), row) for found in rows for row in found]
            source = TextSource(len(texts), word_group(machine), DEPTH, 0, delay, initial)
            m.submodules[name] = source
            m.d.comb += [
                source.restart.eq(self.restart),
                source.show.eq(getattr(unit, f"{name}_show")),
                source.take.eq(getattr(unit, f"{name}_take")),
                getattr(unit, name).eq(source.word),
                *(getattr(source, f"base_{text}").eq(Const(sum(map(len, rows[:text])), 11))
                  for text in texts),
            ]
        m.d.comb += [unit.released.eq(self.released), unit.first.eq(self.first),
                     self.idle.eq(unit.idle)]
        for text in texts:
            for name in ("commands", "accumulators"):
                connect_streams(m, getattr(self, f"{name}_{text}"), getattr(unit, f"{name}_{text}"))
            for name in ("trace_vector", "trace_scalar", "result_scalar"):
                m.d.comb += getattr(self, f"{name}_{text}").eq(getattr(unit, f"{name}_{text}"))
        return m


def program(machine: Machine, seed: int, commands: int) -> Workload:
    writer = ProgramWriter(machine, seed)
    writer.fill()
    for _ in range(16):
        writer.scalar()
    for _ in range(commands):
        if writer.rng.random() < 0.7:
            writer.vector()
        else:
            writer.scalar()
    writer.work.dump()
    return writer.work


def run(machine: Machine, works: list[Workload], seed: int, density: float, freeing: float) -> None:
    """Results, scalars, codes and register 0 of every text; of banks none is filled too often."""
    models = []
    for work in works:
        work.tables = works[0].tables
        model = VectorModel(machine, work.tables)
        model.accumulators.extend(work.accumulators)
        model.inputs.extend(work.inputs)
        model.constants.extend(work.constants)
        for command in work.commands:
            model.run(command)
        models.append(model)
    texts = range(machine.texts)
    unit = WithSources(machine, works)
    results: list[list[list[int]]] = [[] for _ in texts]
    scalars: list[list[tuple[int, int]]] = [[] for _ in texts]
    codes: list[list[tuple[list[int], int]]] = [[] for _ in texts]
    full: list[deque[int]] = [deque() for _ in texts]
    registers: list[tuple[int, int]] = []
    ended: set[int] = set()
    rng = random.Random(seed)

    async def monitor(ctx: Any) -> None:
        shape = code_group(machine)
        signals = [unit.codes.valid, unit.codes.payload.as_value()]
        for text in texts:
            vector = getattr(unit, f"trace_vector_{text}")
            scalar = getattr(unit, f"trace_scalar_{text}")
            signals += [vector.valid, vector.data.as_value(), scalar.valid, scalar.mantissa,
                        scalar.exponent]
        async for _, _, made, group, *shown in ctx.tick().sample(*signals):
            for text in texts:
                valid, words, done, mantissa, exponent = shown[5 * text:5 * text + 5]
                if valid:
                    results[text].append(unpack(word_group(machine), words))
                if done:
                    scalars[text].append((mantissa, exponent))
            if made:
                found = unpack(shape, group)
                codes[found["text"]].append((found["codes"], found["last"]))
                if found["last"]:
                    full[found["text"]].append(1)
                assert len(full[found["text"]]) <= CODE_BANKS
            free = 0
            for text in texts:
                if full[text] and rng.random() < freeing:
                    full[text].popleft()
                    free |= 1 << text
            ctx.set(unit.released, free)
            ctx.set(unit.first, rng.randrange(len(texts)))

    async def drive(ctx: Any) -> None:
        for chunk in table_writes(machine, works[0].tables):
            ctx.set(unit.writes.payload.as_value(), pack(unit.writes.payload.shape(), chunk))
            ctx.set(unit.writes.valid, 1)
            await ctx.tick()
        ctx.set(unit.writes.valid, 0)
        ctx.set(unit.restart, 1)
        await ctx.tick()
        ctx.set(unit.restart, 0)
        while len(ended) < len(texts) or not ctx.get(unit.idle):
            await ctx.tick()
        registers.extend((ctx.get(getattr(unit, f"result_scalar_{text}").mantissa),
                          ctx.get(getattr(unit, f"result_scalar_{text}").exponent))
                         for text in texts)

    def of_text(text: int, name: str, values: Any, number: int) -> Any:
        send = sender(getattr(unit, f"{name}_{text}"), values, seed=seed + number, density=density)

        async def after_restart(ctx: Any) -> None:
            await ctx.tick().until(unit.restart)
            await send(ctx)
            if name == "commands":
                ended.add(text)
        return after_restart

    sends = [of_text(text, name, getattr(work, name), 2 * text + number)
             for text, work in enumerate(works)
             for number, name in enumerate(("commands", "accumulators"))]
    simulate(unit, drive, *sends, background=[monitor], deadline=200_000)
    for text, model in enumerate(models):
        assert scalars[text] == model.scalar_results, text
        for index, (got, wanted) in enumerate(zip(results[text], model.results, strict=True)):
            assert got == wanted, f"text {text}, group {index}"
        assert codes[text] == model.codes
        assert registers[text] == model.scalars[0]


def machine(lanes: int, bits: int, tables: int, lane: str = "adders", texts: int = 2) -> Machine:
    columns = 3 * lanes if lane == "tables" else max(2, lanes)
    return token_machine(
        rows=lanes, columns=columns, vector_lanes=lanes, word_bits=bits, code_depth=16 * columns,
        vector_depth=64, tables=tables, lane=lane).having(streams=texts, shared=True)


@pytest.mark.parametrize("lanes, bits, tables, lane, texts, density, freeing, commands", [
    (2, 18, 2, "adders", 2, 1.0, 1.0, 150),
    (2, 18, 1, "adders", 2, 0.5, 0.05, 100),
    (4, 16, 1, "tables", 2, 1.0, 0.1, 120),
    (2, 12, 3, "tables", 4, 0.8, 0.5, 80),
])
def test_random_programs(lanes: int, bits: int, tables: int, lane: str, texts: int, density: float,
                         freeing: float, commands: int) -> None:
    shape = machine(lanes, bits, tables, lane, texts)
    seed = 100 * lanes + bits
    run(shape, [program(shape, seed + text, commands) for text in range(texts)], seed, density,
        freeing)
