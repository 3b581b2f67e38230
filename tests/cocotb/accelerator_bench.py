"""Runs inside the simulator: the small program over the top-level ports, with stalls."""

from __future__ import annotations

import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge
from sterna.machine.protocol import FrameType

from tests.hw.core.small_program import (
    NO_ENTRIES,
    SCALE,
    WEIGHT_WORDS,
    Model,
    Parameters,
    Result,
    load_frames,
    reset_frame,
    run_frame,
)
from tests.hw.link.frame_model import Frame, frame_bytes, parse


async def reset(dut) -> None:
    """Drive every input and hold the reset for three clocks."""
    dut.rst.value = 1
    dut.link_in__valid.value = 0
    dut.link_in__payload.value = 0
    dut.link_out__ready.value = 0
    Clock(dut.clk, 10, unit="ns").start()
    for _ in range(3):
        await RisingEdge(dut.clk)
    await FallingEdge(dut.clk)
    dut.rst.value = 0


async def send(dut, data: bytes, density: float) -> None:
    """Bytes into the link; inputs change at the falling edge, transfers are at the rising one."""
    rng = random.Random(1)
    for byte in data:
        while rng.random() >= density:
            await FallingEdge(dut.clk)
        dut.link_in__payload.value = byte
        dut.link_in__valid.value = 1
        while True:
            await RisingEdge(dut.clk)
            taken = dut.link_in__ready.value
            await FallingEdge(dut.clk)
            if taken:
                break
        dut.link_in__valid.value = 0


async def receive(dut, frames: int, density: float) -> list[Frame]:
    """That many frames from the link. A byte with undefined bits raises."""
    rng = random.Random(2)
    data = bytearray()
    for _ in range(frames):
        frame = bytearray()
        while len(frame) < 7 or len(frame) < 7 + int.from_bytes(frame[3:5], "little"):
            ready = rng.random() < density
            dut.link_out__ready.value = ready
            await RisingEdge(dut.clk)
            if ready and dut.link_out__valid.value:
                frame.append(dut.link_out__payload.value.to_unsigned())
            await FallingEdge(dut.clk)
        data += frame
    return parse(bytes(data))


@cocotb.test(timeout_time=150, timeout_unit="us")
async def small_program(dut):
    parameters = Parameters.random(7)
    model = Model(parameters)
    loads = load_frames(parameters)
    damaged = bytearray(run_frame(0, 20))
    damaged[8] ^= 1
    frames = [frame_bytes(FrameType.HELLO, 1), b"noise", *loads, reset_frame(10), run_frame(3, 11),
              bytes(damaged), run_frame(1, 12)]
    await reset(dut)
    sending = cocotb.start_soon(send(dut, b"".join(frames), 0.9))
    answers = await receive(dut, len(frames) - 1, 0.7)
    await sending

    kinds = [FrameType.INFO, *[FrameType.ACK] * len(loads), FrameType.RESULT, FrameType.RESULT,
             FrameType.ERROR, FrameType.RESULT]
    assert [answer.type for answer in answers] == kinds
    results = [Result.parse(answer.payload) for answer in answers
               if answer.type == FrameType.RESULT]
    assert [result.entries for result in results] == [NO_ENTRIES, model.run(3), model.run(1)]
    assert [result.busy for result in results] == [0, WEIGHT_WORDS, WEIGHT_WORDS]
    assert results[-1].scale == SCALE
