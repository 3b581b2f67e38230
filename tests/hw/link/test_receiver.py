# amaranth: UnusedElaboratable=no
"""The frame receiver: good, corrupt, cut and noisy byte streams."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from amaranth.sim import Simulator
from sterna_hw.link.frames import FrameOutcome
from sterna_hw.link.receiver import FrameReceiver
from sterna_sim.streams import put

from tests.hw.link.frame_model import START, frame_bytes

TIMEOUT = 50


@dataclass
class Seen:
    """What came out: one (type, sequence, payload, outcome) for each frame."""

    frames: list[tuple[int, int, bytes, FrameOutcome]] = field(default_factory=list)
    clocks: int = 0


def receive(pieces: list[bytes | int], *, density: float = 1.0, ready: float = 1.0,
            seed: int = 0) -> Seen:
    """Send pieces of bytes; a number is a pause in clocks. Ends 100 clocks after the last."""
    dut = FrameReceiver(frame_timeout=TIMEOUT)
    seen = Seen()

    async def send(ctx):
        rng = random.Random(seed)
        for piece in pieces:
            if isinstance(piece, int):
                await ctx.tick().repeat(piece)
                continue
            for byte in piece:
                while rng.random() >= density:
                    await ctx.tick()
                await put(ctx, dut.bytes, byte)
        await ctx.tick().repeat(100)

    async def take(ctx):
        rng = random.Random(seed + 1)
        payload = bytearray()
        while True:
            ctx.set(dut.payload.ready, take_payload := rng.random() < ready)
            ctx.set(dut.outcomes.ready, take_outcome := rng.random() < ready)
            values = await ctx.tick().sample(
                dut.payload.valid, dut.payload.payload, dut.outcomes.valid,
                dut.outcomes.payload, dut.header)
            payload_valid, byte, outcome_valid, outcome, header = values[2:]
            seen.clocks += 1
            if payload_valid and take_payload:
                payload.append(byte)
            if outcome_valid and take_outcome:
                seen.frames.append((header.type, header.sequence, bytes(payload),
                                    FrameOutcome(outcome)))
                payload.clear()

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(send)
    simulator.add_testbench(take, background=True)
    simulator.run()
    return seen


def random_frames(seed: int, count: int) -> list[tuple[int, int, bytes]]:
    rng = random.Random(seed)
    lengths = [0, 1, 2, 255, 256, 300]
    return [(rng.randrange(256), rng.randrange(256),
             rng.randbytes(lengths[index] if index < len(lengths) else rng.randrange(40)))
            for index in range(count)]


def good(frames):
    return [(kind, sequence, payload, FrameOutcome.GOOD)
            for kind, sequence, payload in frames]


@pytest.mark.parametrize("density, ready", [(1.0, 1.0), (0.5, 1.0), (1.0, 0.5), (0.6, 0.4)])
def test_back_to_back_frames(density, ready):
    frames = random_frames(3, 12)
    stream = b"".join(frame_bytes(*frame) for frame in frames)
    assert receive([stream], density=density, ready=ready, seed=5).frames == good(frames)


def test_one_byte_a_clock():
    stream = frame_bytes(2, 1, bytes(1000)) + frame_bytes(2, 2, bytes(1000))
    seen = receive([stream])
    assert len(seen.frames) == 2
    assert seen.clocks - 100 <= len(stream) + 4


def test_noise_between_frames():
    frames = random_frames(7, 8)
    rng = random.Random(8)
    pieces: list[bytes | int] = []
    for frame in frames:
        noise = bytes(byte for byte in rng.randbytes(30) if byte != START)
        pieces += [noise, frame_bytes(*frame)]
    assert receive(pieces).frames == good(frames)


def test_every_corrupt_byte_is_noticed():
    payload = bytes(range(5))
    frame = frame_bytes(2, 9, payload)
    rng = random.Random(11)
    pieces: list[bytes | int] = []
    # Length bytes are left: changed, they say where the check is (the time-out ends such frames).
    positions = [1, 2, *range(5, len(frame))]
    for position in positions:
        broken = bytearray(frame)
        broken[position] ^= 1 << rng.randrange(8)
        pieces += [bytes(broken), frame]
    outcomes = [frame[-1] for frame in receive(pieces).frames]
    assert outcomes == [FrameOutcome.CORRUPT, FrameOutcome.GOOD] * len(positions)


@pytest.mark.parametrize("kept", range(1, 14))
def test_cut_frame_is_given_up(kept):
    frame = frame_bytes(3, 4, bytes(range(7)))
    assert len(frame) == 14
    seen = receive([frame[:kept], TIMEOUT + 5, frame])
    assert seen.frames[-1] == (3, 4, bytes(range(7)), FrameOutcome.GOOD)
    if kept < 5:
        assert len(seen.frames) == 1
    else:
        given_up = seen.frames[0]
        assert given_up == (3, 4, bytes(range(7))[:kept - 5], FrameOutcome.ABANDONED)
        assert len(seen.frames) == 2


def test_short_pause_does_not_end_a_frame():
    frame = frame_bytes(3, 4, bytes(range(7)))
    pieces: list[bytes | int] = []
    for byte in frame:
        pieces += [bytes([byte]), TIMEOUT - 5]
    assert [seen[-1] for seen in receive(pieces).frames] == [FrameOutcome.GOOD]


def test_back_pressure_does_not_end_a_frame():
    frame = frame_bytes(3, 4, bytes(range(7)))
    seen = receive([frame], ready=0.01, seed=2)
    assert [frame[-1] for frame in seen.frames] == [FrameOutcome.GOOD]


def test_timeout_must_be_positive():
    with pytest.raises(ValueError, match="frame_timeout must be at least 1, not 0"):
        FrameReceiver(frame_timeout=0)
