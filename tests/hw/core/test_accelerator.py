"""The whole accelerator: frames in, frames out, against a computation in integers."""

from __future__ import annotations

import random

import pytest
from amaranth.sim import Simulator
from sterna.machine.protocol import FrameType
from sterna_hw.core.accelerator import Accelerator
from sterna_sim.streams import put, unpack

from tests.hw.core.small_program import (
    NO_ENTRIES,
    SCALE,
    TINY,
    WEIGHT_WORDS,
    Model,
    Parameters,
    Result,
    load_frames,
    reset_frame,
    run_frame,
)
from tests.hw.link.frame_model import Frame, parse


def converse(frames: list[bytes], *, density: float = 1.0, ready: float = 1.0, seed: int = 0,
             trace: list | None = None) -> list[Frame]:
    """Send all frames back to back and return as many answers."""
    dut = Accelerator(TINY.having(trace=trace is not None))
    sent = bytearray()
    async def host(ctx):
        rng = random.Random(seed)
        for frame in frames:
            for byte in frame:
                while rng.random() >= density:
                    await ctx.tick()
                await put(ctx, dut.link_in, byte)

    async def take(ctx):
        rng = random.Random(seed + 1)
        for _ in frames:
            frame = bytearray()
            while len(frame) < 7 or len(frame) < 7 + int.from_bytes(frame[3:5], "little"):
                ctx.set(dut.link_out.ready, taking := rng.random() < ready)
                *_, valid, byte = await ctx.tick().sample(
                    dut.link_out.valid, dut.link_out.payload)
                if valid and taking:
                    frame.append(byte)
            sent.extend(frame)

    async def watch(ctx):
        shape = dut.trace_accumulators_0.shape()
        while True:
            *_, bits = await ctx.tick().sample(dut.trace_accumulators_0.as_value())
            if bits & 1:
                trace.extend(unpack(shape, bits)["values"])

    async def watchdog(ctx):
        for _ in range(60_000):
            await ctx.tick()
        raise AssertionError(f"no answer after {len(sent)} bytes")

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(host)
    simulator.add_testbench(take)
    if trace is not None:
        simulator.add_testbench(watch, background=True)
    simulator.add_testbench(watchdog, background=True)
    simulator.run()
    return parse(bytes(sent))


@pytest.mark.parametrize("density, ready", [(1.0, 1.0), (0.8, 0.6)])
def test_tokens_with_state_and_reset(density, ready):
    parameters = Parameters.random(3)
    model = Model(parameters)
    loads = load_frames(parameters)
    runs = [reset_frame(10), run_frame(2, 11), run_frame(0, 12), run_frame(0, 13),
            reset_frame(14), run_frame(2, 15)]
    answers = converse(loads + runs, density=density, ready=ready)
    acknowledged, answers = answers[:len(loads)], answers[len(loads):]
    assert [answer.type for answer in acknowledged] == [FrameType.ACK] * len(loads)
    assert [answer.type for answer in answers] == [FrameType.RESULT] * len(runs)
    assert [answer.sequence for answer in answers] == list(range(10, 16))

    results = [Result.parse(answer.payload) for answer in answers]
    expected = [model.run(2), model.run(0), model.run(0)]
    assert [result.entries for result in results] == [
        NO_ENTRIES, *expected, NO_ENTRIES, expected[0]]
    for result in (*results[1:4], results[5]):
        assert result.scale == SCALE
        assert result.busy == WEIGHT_WORDS
        assert result.waiting_codes > 0
        assert result.busy + result.waiting_codes + result.waiting_weights < result.cycles
        assert result.cycles < 4 * WEIGHT_WORDS
    for result in (results[0], results[4]):
        assert (result.busy, result.waiting_weights, result.waiting_codes) == (0, 0, 0)
        assert result.cycles < 40
    assert results[1] == results[5], "the reset leaves nothing behind"


@pytest.mark.parametrize("seed", range(2))
def test_accumulators_on_the_trace_port(seed):
    parameters = Parameters.random(seed + 20)
    model = Model(parameters)
    trace: list[int] = []
    answers = converse([*load_frames(parameters), reset_frame(1), run_frame(1, 2)], trace=trace)
    assert Result.parse(answers[-1].payload).entries == model.run(1)
    assert trace == [int(value) for sums in model.accumulators for value in sums]
