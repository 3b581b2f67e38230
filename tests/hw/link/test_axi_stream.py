"""The byte link as AXI4-Streams: bytes both ways under pauses, TLAST, and the rules."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sterna_hw.link.axi_stream import AxiStreamLink
from sterna_sim.streams import Receiver, sender, simulate

from tests.hw.link.axi_side import check_registered, stable
from tests.hw.link.frame_model import frame_bytes


@pytest.mark.parametrize(("bus", "link"), [(1.0, 1.0), (0.5, 0.2), (0.2, 0.9)])
def test_bytes_arrive_in_order_and_frames_end(bus: float, link: float) -> None:
    rng = random.Random(7)
    frames = [frame_bytes(0x83, number, rng.randbytes(length))
              for number, length in enumerate((0, 1, 2, 40, 0, 0, 300, 3, 256))]
    answers = b"".join(frames)
    ends = [False] * len(answers)
    position = -1
    for frame in frames:
        position += len(frame)
        ends[position] = True
    sent = rng.randbytes(200)
    unit = AxiStreamLink()
    found: list[tuple[int, bool]] = []

    async def give(ctx: Any) -> None:
        pauses = random.Random(1)
        for byte in sent:
            while pauses.random() >= bus:
                await ctx.tick()
            ctx.set(unit.s_axis_tdata, byte)
            ctx.set(unit.s_axis_tvalid, 1)
            await ctx.tick().until(unit.s_axis_tready)
            ctx.set(unit.s_axis_tvalid, 0)

    async def take(ctx: Any) -> None:
        pauses = random.Random(2)
        while len(found) < len(answers):
            ctx.set(unit.m_axis_tready, pauses.random() < bus)
            _, _, passed, byte, last = await ctx.tick().sample(
                unit.m_axis_tvalid & unit.m_axis_tready, unit.m_axis_tdata, unit.m_axis_tlast)
            if passed:
                found.append((byte, bool(last)))

    collector = Receiver(unit.to_link, len(sent), seed=3, density=link)
    simulate(unit, give, take, collector,
             sender(unit.from_link, answers, seed=4, density=link),
             background=[stable(unit.m_axis_tvalid, unit.m_axis_tready, unit.m_axis_tdata,
                                unit.m_axis_tlast)])
    assert bytes(collector.values) == sent
    assert found == list(zip(answers, ends, strict=True))


def test_no_output_follows_an_input_within_a_clock() -> None:
    check_registered(AxiStreamLink())
