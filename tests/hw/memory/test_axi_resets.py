# amaranth: UnusedElaboratable=no
"""Resets while AXI4 ports have reads and writes under way, and bursts that end too early."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from amaranth.hdl import ClockDomain, Elaboratable, Module, Signal
from sterna_hw.memory import AxiSource
from sterna_sim.streams import Receiver, simulate

from tests.hw.memory.test_axi_source import (
    CONSTANTS,
    SMALL,
    contents,
    memories,
    restart,
    with_constants,
)


class Resettable(Elaboratable):
    """A component with a reset of its own, which the simulated memories do not see."""

    def __init__(self, unit: Any) -> None:
        self.unit, self.reset = unit, Signal()

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.domains.sync = domain = ClockDomain()
        m.d.comb += domain.rst.eq(self.reset)
        m.submodules.unit = self.unit
        return m

    async def pulse(self, ctx: Any, clocks: int) -> None:
        ctx.set(self.reset, 1)
        for _ in range(clocks):
            await ctx.tick()
        ctx.set(self.reset, 0)


@pytest.mark.parametrize("ports, constants, latency, stall", [
    (1, False, 3, 0.0), (2, True, 25, 0.3), (1, True, 60, 0.6)])
def test_reads_after_a_reset(ports, constants, latency, stall) -> None:
    """At any clock of the reads, after one clock or many, twice in a row."""
    configuration = replace(CONSTANTS if constants else SMALL, memory_ports=ports, weight_depth=40)
    if constants:
        configuration = replace(configuration, constant_depth=20)
        stream, words, groups = with_constants(configuration, 5)
    else:
        stream, words = contents(configuration, 5)
        groups = []
    source = AxiSource(configuration)
    dut, behind = Resettable(source), memories(source, configuration, stream, stall=stall,
                                               latency=latency)
    rng = random.Random(latency)

    async def bench(ctx) -> None:
        for trial in range(12):
            await restart(source)(ctx)
            for _ in range(rng.randrange(90)):
                await ctx.tick()
            receiver = Receiver(source.words, rng.randrange(10), seed=trial)
            await receiver(ctx)
            await dut.pulse(ctx, rng.choice((1, 2, 9)))
            for _ in range(rng.randrange(8)):
                await ctx.tick()
            await restart(source)(ctx)
            for taken, expected in ((source.words, words),
                                    *([(source.constants, groups)] if constants else [])):
                receiver = Receiver(taken, len(expected), seed=trial)
                await receiver(ctx)
                assert receiver.values == expected

    simulate(dut, bench, background=behind)
