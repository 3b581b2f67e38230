"""The outputs of populations, one behind the other, at whole groups; a RUN begins anew."""

from __future__ import annotations

from typing import Any

import pytest
from sterna.machine.presets import step_machine
from sterna_hw.core.output_words import OutputWords
from sterna_sim.streams import simulate


@pytest.mark.parametrize("lanes", [1, 2, 4])
def test_groups_are_read_in_the_order_of_a_run(lanes: int) -> None:
    runs = [[[10 * run + group, -group, 7, run][:lanes] for group in range(3)] for run in range(3)]
    dut = OutputWords(step_machine(neuron_lanes=lanes).having(outputs=3 * lanes))
    found: list[list[int]] = []

    async def drive(ctx: Any) -> None:
        for groups in runs:
            ctx.set(dut.restart, 1)
            await ctx.tick()
            ctx.set(dut.restart, 0)
            for group in groups:
                ctx.set(dut.result, {"valid": 1, "values": group})
                await ctx.tick()
                ctx.set(dut.result.valid, 0)
                await ctx.tick()
            found.append([])
            for index in range(3 * lanes):
                ctx.set(dut.index, index)
                await ctx.tick()
                word = ctx.get(dut.word)
                found[-1].append(word - (1 << 32) if word >> 31 else word)

    simulate(dut, drive)
    assert found == [[value for group in groups for value in group] for groups in runs]
