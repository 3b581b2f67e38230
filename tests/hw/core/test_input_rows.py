"""Rows of several token streams out of one memory."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import word_bits
from sterna_hw.core.input_rows import InputRows
from sterna_sim.streams import Receiver, simulate, unpack

from tests.hw.spaces import Number

ROW, SETTLE = 6, 20


@pytest.mark.parametrize("streams", [2, 3, 5])
@pytest.mark.parametrize("density", [1.0, 0.3])
def test_every_stream_gets_its_row(streams, density):
    machine = PRESETS["tiny"].having(streams=streams)
    rng = random.Random(streams)
    bits = word_bits(machine, Number.INPUT.space)
    words = [rng.getrandbits(bits) for _ in range(machine.vector.input_depth)]
    dut = InputRows(machine, words)
    bases = [rng.randrange(machine.vector.input_depth - ROW) for _ in range(streams)]

    async def restart(ctx):
        """Once for rows that nobody takes, then for those of the test."""
        for starts in (range(streams), bases):
            for number, base in enumerate(starts):
                ctx.set(getattr(dut, f"base_{number}"), base)
            ctx.set(dut.restart, 1)
            await ctx.tick()
            ctx.set(dut.restart, 0)
            await ctx.tick().repeat(SETTLE)

    receivers = [Receiver(getattr(dut, f"words_{number}"), ROW, seed=number, density=density)
                 for number in range(streams)]

    def later(receiver):
        async def testbench(ctx):
            await ctx.tick().repeat(SETTLE + 2)
            await receiver(ctx)

        return testbench

    simulate(dut, restart, *map(later, receivers))
    shape = dut.words_0.payload.shape()
    for base, receiver in zip(bases, receivers, strict=True):
        assert receiver.values == [unpack(shape, word) for word in words[base:base + ROW]]
    if density == 1.0:
        clocks = receivers[0].clocks
        assert {b - a for a, b in pairwise(clocks)} == {max(streams, 4 - streams % 2)}
