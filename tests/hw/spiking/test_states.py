"""The states of LIF engines and the delay lines of codes, read and written between steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from sterna.law.neuron import Current, NeuronDefinition, Reset
from sterna.machine.additions import with_snapshots
from sterna.machine.presets import step_machine
from sterna_hw.spiking import LifEngine
from sterna_hw.spiking.code_memory import CodeMemory
from sterna_hw.state_layouts import STATE_CLOCKS
from sterna_sim.streams import pack, put, simulate, unpack

DEFINITION = NeuronDefinition(
    sum_bits=12, membrane_bits=18, current=Current.NEW, current_bits=14, refractory=3,
    reset=Reset.HARD)


async def read(ctx: Any, port: Any, word: int) -> int:
    ctx.set(port.word, word)
    ctx.set(port.read, 1)
    await ctx.tick().repeat(STATE_CLOCKS)
    value = ctx.get(port.value)
    ctx.set(port.read, 0)
    return value


async def write(ctx: Any, port: Any, word: int, data: int) -> None:
    ctx.set(port.word, word)
    ctx.set(port.data, data)
    ctx.set(port.write, 1)
    await ctx.tick()
    ctx.set(port.write, 0)


def test_neurons_go_on_from_what_was_read() -> None:
    """Of another engine; after a restart they read as 0 until one is written or steps are done."""
    neurons, lanes = 7, 3
    draw = np.random.default_rng(1)
    sums = [draw.integers(-900, 2000, (3, lanes)).tolist() for _ in range(9)]
    kept: list[int] = []
    outputs: list[list[Any]] = [[], []]

    def engine() -> LifEngine:
        return LifEngine(DEFINITION, {"threshold": 700, "factor": 60_000}, neurons, lanes,
                         readable=True)

    async def steps(ctx: Any, dut: LifEngine, given: list, found: list) -> None:
        ctx.set(dut.outputs.ready, 1)
        for step in given:
            for group in step:
                await put(ctx, dut.sums, group)
            left = len(step)
            while left:
                *_, valid, bits = await ctx.tick().sample(
                    dut.outputs.valid, dut.outputs.payload.as_value())
                if valid:
                    found.append(bits)
                    left -= 1

    async def first(ctx: Any) -> None:
        assert [await read(ctx, one.kept, word) for word in range(3)] == [0, 0, 0]
        await steps(ctx, one, sums[:5], [])
        await ctx.tick().repeat(40)
        kept.extend([await read(ctx, one.kept, word) for word in range(3)])
        await steps(ctx, one, sums[5:], outputs[0])
        await ctx.tick().repeat(40)
        ctx.set(one.restart, 1)
        await ctx.tick()
        ctx.set(one.restart, 0)
        assert [await read(ctx, one.kept, word) for word in range(3)] == [0, 0, 0]

    async def second(ctx: Any) -> None:
        for word, data in enumerate(kept):
            await write(ctx, other.kept, word, data)
        assert [await read(ctx, other.kept, word) for word in range(3)] == kept
        await steps(ctx, other, sums[5:], outputs[1])

    one, other = engine(), engine()
    simulate(one, first)
    assert any(kept) and len(set(kept)) == 3
    simulate(other, second)
    assert outputs[0] == outputs[1] and any(outputs[0])


def test_delay_lines_are_read_and_written() -> None:
    machine = with_snapshots(step_machine(taps=3, code_bits=4, neuron_lanes=2, code_depth=5))
    dut = CodeMemory(machine)
    shape = dut.data.shape()

    async def drive(ctx: Any) -> None:
        words = [pack(shape, [word, 100 + word]) for word in range(5)]
        for word, data in enumerate(words):
            await write(ctx, dut.kept, word, data)
        assert [await read(ctx, dut.kept, word) for word in range(5)] == words
        ctx.set(dut.shift, {"valid": 1, "clear": 0, "address": 3, "codes": [-2, 5]})
        await ctx.tick()
        ctx.set(dut.shift, {"valid": 0, "clear": 0, "address": 0, "codes": [0, 0]})
        await ctx.tick().repeat(3)
        found = unpack(shape, await read(ctx, dut.kept, 3))
        assert found == [(3 << 4 | 14) & 0xFFF, (103 << 4 | 5) & 0xFFF]
        assert await read(ctx, dut.kept, 2) == words[2]

    simulate(dut, drive)
