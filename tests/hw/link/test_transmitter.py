"""The frame transmitter against the frame model."""

from __future__ import annotations

import random

import pytest
from sterna_hw.link.transmitter import FrameTransmitter
from sterna_sim.streams import Receiver, sender, simulate

from tests.hw.link.frame_model import frame_bytes


@pytest.mark.parametrize("density, ready", [(1.0, 1.0), (0.4, 1.0), (1.0, 0.4), (0.6, 0.6)])
def test_frames(density, ready):
    rng = random.Random(4)
    frames = [(rng.randrange(256), rng.randrange(256), rng.randbytes(length))
              for length in (0, 1, 7, 0, 0, 300, 2)]
    expected = b"".join(frame_bytes(*frame) for frame in frames)
    headers = [{"type": kind, "sequence": sequence, "length": len(payload)}
               for kind, sequence, payload in frames]
    payload = [{"byte": byte, "last": place == len(frame[2]) - 1}
               for frame in frames for place, byte in enumerate(frame[2])]
    dut = FrameTransmitter()
    received = Receiver(dut.bytes, len(expected), seed=1, density=ready)
    simulate(
        dut,
        sender(dut.headers, headers, seed=2, density=density),
        sender(dut.payload, payload, seed=3, density=density),
        received,
    )
    assert bytes(received.values) == expected
    if density == ready == 1.0:
        spent = received.clocks[-1] - received.clocks[0]
        assert spent == len(expected) - 1 + len(frames) - 1, "one byte a clock, one clock between"
