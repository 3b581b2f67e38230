"""One stream for all data paths: order, skew, branches that take no part."""

from __future__ import annotations

import random

import pytest
from sterna_hw.core.stream_fork import StreamFork
from sterna_sim.streams import Receiver, sender, simulate

ITEMS = [random.Random(4).getrandbits(12) for _ in range(300)]


@pytest.mark.parametrize("depth", [2, 5])
@pytest.mark.parametrize("densities", [(1.0, 1.0, 1.0), (0.9, 0.3, 0.6), (0.1, 1.0, 1.0)])
def test_every_branch_gets_every_item(depth, densities):
    dut = StreamFork(12, 3, depth)
    receivers = [Receiver(getattr(dut, f"o_{branch}"), len(ITEMS), seed=branch, density=density)
                 for branch, density in enumerate(densities)]

    async def activate(ctx):
        ctx.set(dut.active, 7)

    simulate(dut, activate, sender(dut.i, ITEMS), *receivers)
    for receiver in receivers:
        assert receiver.values == ITEMS
    if densities == (1.0, 1.0, 1.0):
        clocks = receivers[0].clocks
        assert clocks == list(range(clocks[0], clocks[0] + len(ITEMS))), "one item a clock"
    # No branch is more items ahead of another one than the other holds.
    for fast in receivers:
        for slow in receivers:
            for index in range(depth + 1, len(ITEMS)):
                assert fast.clocks[index] > slow.clocks[index - depth - 1]


def test_a_branch_that_is_not_active_sees_nothing_and_stops_nobody():
    dut = StreamFork(12, 3)
    seen = []
    receivers = [Receiver(dut.o_0, len(ITEMS), seed=5, density=0.7),
                 Receiver(dut.o_2, len(ITEMS), seed=6, density=0.7)]

    async def activate(ctx):
        ctx.set(dut.active, 0b101)

    async def watch(ctx):
        while True:
            *_, valid = await ctx.tick().sample(dut.o_1.valid)
            seen.append(valid)

    simulate(dut, activate, sender(dut.i, ITEMS), *receivers,
             background=[watch])
    assert [receiver.values for receiver in receivers] == [ITEMS, ITEMS]
    assert seen and not any(seen)
