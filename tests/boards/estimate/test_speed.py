"""Rates over the link, held to the frames that the host sends."""

from __future__ import annotations

import pytest
from sterna.machine.frames import Frame, encode_frame
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import FrameType
from sterna_boards.estimate.speed import link_bytes, speed


def _size(kind: FrameType, payload: int) -> int:
    return len(encode_frame(Frame(kind, 0, bytes(payload))))


def test_bytes_of_a_token() -> None:
    machine = PRESETS["standard"].having(vector_lanes=8)
    run = _size(FrameType.RUN, 10) + _size(FrameType.RESULT, 24 + 8 * machine.head.top_k + 8)
    assert link_bytes(machine, 0) == run
    row = _size(FrameType.LOAD, 5 + 32 * 20) + _size(FrameType.ACK, 0)
    assert link_bytes(machine, 32) == run + row


def test_the_link_adds_its_time() -> None:
    rates = speed("token", 1000, 1e6, 100, 1_000_000)
    assert rates.a_second == pytest.approx(1000)
    assert rates.a_second_over_link == pytest.approx(500)
    slow = speed("token", 1000, 1e6, 100, 1_000_000, pause=0.002)
    assert slow.a_second_over_link == pytest.approx(250)
    assert slow.named() == {
        "cycles_per_token": 1000, "tokens_per_second": slow.a_second, "link_bytes_per_token": 100,
        "tokens_per_second_over_link": slow.a_second_over_link}
