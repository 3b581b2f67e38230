"""Counters and the words of a RESULT."""

from __future__ import annotations

import random

import pytest
from amaranth.sim import Simulator
from sterna.machine.presets import PRESETS, STEP_MACHINE
from sterna.machine.protocol import SESSION_WORDS, result_words
from sterna_hw.core.counters import Counters
from sterna_hw.core.result_words import ResultWords, result_parts
from sterna_sim.streams import Receiver, simulate

TINY = PRESETS["tiny"]
STEPS = STEP_MACHINE.having(outputs=5)
BOTH = TINY.having(units=(*TINY.units, *STEPS.having(input_depth=0).units))


@pytest.mark.parametrize("machine", [TINY, STEPS, BOTH], ids=["tokens", "steps", "both"])
def test_counters_against_a_list(machine):
    dut = Counters(machine)
    _, *events = machine.counters
    if machine is BOTH:
        assert [event.name for event in events] == [
            "busy", "waiting_weights", "waiting_codes", "synapse_busy", "events", "sources"]

    async def testbench(ctx):
        rng = random.Random(1)
        expected = [0] * (1 + len(events))
        for _ in range(500):
            clear, running = rng.random() < 0.02, rng.random() < 0.8
            happens = [1, *(rng.randint(0, event.most) for event in events)]
            ctx.set(dut.clear, clear)
            ctx.set(dut.running, running)
            for event, count in zip(events, happens[1:], strict=True):
                ctx.set(getattr(dut, event.name), count)
            await ctx.tick()
            expected = [0 if clear else value + running * count
                        for value, count in zip(expected, happens, strict=True)]
            assert [ctx.get(value) for value in dut.values] == expected

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()


@pytest.mark.parametrize("ready", [1.0, 0.2])
@pytest.mark.parametrize(("machine", "active"), [
    (TINY, 1), (STEPS, 1), (BOTH, 1), (TINY.having(streams=3), 0b10),
    (TINY.having(streams=3), 0b101), (TINY.having(streams=3), 0b111),
    (TINY.having(streams=3), 0),
], ids=["tokens", "steps", "both", "one", "two", "three", "none"])
def test_result_words(machine, active, ready):
    """Counters, then the words of every stream that ran, then those of what all share."""
    dut = ResultWords(machine)
    rng = random.Random(2)
    counters = [rng.getrandbits(32) for _ in machine.counters]
    parts = result_parts(machine)
    given = {(part.unit, stream): [rng.getrandbits(32) for _ in range(part.words)]
             for part in parts for stream in range(machine.streams if part.per_stream else 1)}

    async def start(ctx):
        for place, value in zip(dut.counters, counters, strict=True):
            ctx.set(place, value)
        if machine.streams > 1:
            ctx.set(dut.active, active)
        for _ in range(2):
            await ctx.tick()
            ctx.set(dut.start, 1)
            await ctx.tick()
            ctx.set(dut.start, 0)
            while True:
                await ctx.tick()
                if ctx.get(dut.idle):
                    break

    async def show(ctx):
        """Words come a clock after they are asked for."""
        while True:
            index = ctx.get(dut.index)
            stream = ctx.get(dut.stream) if machine.streams > 1 else 0
            await ctx.tick()
            for part in parts:
                words = given[part.unit, stream if part.per_stream else 0]
                ctx.set(getattr(dut, part.unit), words[index] if index < len(words) else 0)

    words = list(counters)
    for stream in range(machine.streams):
        if active >> stream & 1:
            words += [word for part in parts if part.per_stream
                      for word in given[part.unit, stream]]
    words += [word for part in parts if not part.per_stream for word in given[part.unit, 0]]
    assert len(words) + SESSION_WORDS == result_words(machine, active.bit_count())
    received = Receiver(dut.words, 2 * len(words), seed=3, density=ready)
    simulate(dut, start, received, background=[show])
    assert received.values == words * 2
    if ready == 1.0:
        assert received.clocks[len(words) - 1] - received.clocks[0] == 2 * (len(words) - 1)
