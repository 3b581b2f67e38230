"""Counters and the words of a RESULT."""

from __future__ import annotations

import random

import pytest
from amaranth.sim import Simulator
from sterna.machine.presets import PRESETS
from sterna_hw.core.counters import EVENTS, Counters
from sterna_hw.core.result_words import FIXED_WORDS, ResultWords
from sterna_sim.streams import Receiver, simulate

TINY = PRESETS["tiny"]


def test_counters_against_a_list():
    dut = Counters()

    async def testbench(ctx):
        rng = random.Random(1)
        expected = dict.fromkeys(("cycles", *EVENTS), 0)
        for _ in range(500):
            clear, running = rng.random() < 0.02, rng.random() < 0.8
            events = {event: rng.random() < 0.5 for event in EVENTS}
            ctx.set(dut.clear, clear)
            ctx.set(dut.running, running)
            for event, happens in events.items():
                ctx.set(getattr(dut, event), happens)
            await ctx.tick()
            for name, happens in (("cycles", True), *events.items()):
                expected[name] = 0 if clear else expected[name] + (running and happens)
            assert ctx.get(dut.cycles) == expected["cycles"]
            for event in EVENTS:
                assert ctx.get(getattr(dut, f"{event}_cycles")) == expected[event]

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()


@pytest.mark.parametrize("ready", [1.0, 0.2])
def test_result_words(ready):
    dut = ResultWords(TINY)
    rng = random.Random(2)
    counters = [rng.getrandbits(32) for _ in range(4)]
    mantissa, exponent = 0x1FEDC, -300
    entries = [(rng.randint(-100_000, 100_000), rng.getrandbits(32))
               for _ in range(TINY.head.top_k)]

    async def start(ctx):
        names = ("cycles", *(f"{event}_cycles" for event in EVENTS))
        for name, value in zip(names, counters, strict=True):
            ctx.set(getattr(dut, name), value)
        ctx.set(dut.scale.mantissa, mantissa)
        ctx.set(dut.scale.exponent, exponent)
        for _ in range(2):
            await ctx.tick()
            ctx.set(dut.start, 1)
            await ctx.tick()
            ctx.set(dut.start, 0)
            while True:
                await ctx.tick()
                if ctx.get(dut.idle):
                    break

    async def show_entries(ctx):
        while True:
            value, row = entries[ctx.get(dut.index)]
            ctx.set(dut.value, value)
            ctx.set(dut.row, row)
            await ctx.changed(dut.index)

    count = FIXED_WORDS + 2 * TINY.head.top_k
    received = Receiver(dut.words, 2 * count, seed=3, density=ready)
    simulate(dut, start, received, background=[show_entries])
    words = [*counters, mantissa, exponent & 0xFFFF_FFFF]
    for value, row in entries:
        words += [value & 0xFFFF_FFFF, row]
    assert received.values == words * 2
    if ready == 1.0:
        assert received.clocks[count - 1] - received.clocks[0] == 2 * (count - 1)


@pytest.mark.parametrize("active", [0b10, 0b101, 0b111, 0])
def test_result_words_of_several_streams(active):
    dut = ResultWords(TINY.having(streams=3))
    rng = random.Random(active)
    scales = [(rng.getrandbits(16), rng.randint(-300, 300)) for _ in range(3)]
    entries = [[(rng.randint(-100_000, 100_000), rng.getrandbits(32))

               for _ in range(TINY.head.top_k)] for _ in range(3)]

    async def start(ctx):
        ctx.set(dut.active, active)
        ctx.set(dut.cycles, 77)
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
        while True:
            stream = ctx.get(dut.stream)
            value, row = entries[stream][ctx.get(dut.index)]
            for port, shown in ((dut.value, value), (dut.row, row),
                                (dut.scale.mantissa, scales[stream][0]),
                                (dut.scale.exponent, scales[stream][1])):
                ctx.set(port, shown)
            await ctx.changed(dut.index, dut.stream)

    words = [77, 0, 0, 0]
    for stream in range(3):
        if active >> stream & 1:
            words += [scales[stream][0], scales[stream][1] & 0xFFFF_FFFF]
            words += [word & 0xFFFF_FFFF for entry in entries[stream] for word in entry]
    received = Receiver(dut.words, 2 * len(words), seed=3, density=0.6)
    simulate(dut, start, received, background=[show])
    assert received.values == words * 2
