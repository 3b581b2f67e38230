"""Rates over the link, held to the frames that the host sends."""

from __future__ import annotations

import pytest
from sterna.machine.frames import Frame, encode_frame
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import FrameType
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.speed import LinkUse, link_use, speed


def _size(kind: FrameType, payload: int) -> int:
    return len(encode_frame(Frame(kind, 0, bytes(payload))))


def test_bytes_of_a_token() -> None:
    machine = PRESETS["standard"].having(vector_lanes=8)
    run = _size(FrameType.RUN, 10) + _size(FrameType.RESULT, 24 + 8 * machine.head.top_k + 8)
    assert link_use(machine, 0) == LinkUse(run, 1)
    row = _size(FrameType.LOAD, 5 + 32 * 20) + _size(FrameType.ACK, 0)
    assert link_use(machine, 32) == LinkUse(run + row, 1)


def test_the_link_adds_its_time() -> None:
    rates = speed("token", 1000, 1e6, LinkUse(100, 2), 1_000_000)
    assert rates.a_second == pytest.approx(1000)
    assert rates.a_second_over_link == pytest.approx(500)
    slow = speed("token", 1000, 1e6, LinkUse(100, 2), 1_000_000, pause=0.002)
    assert slow.a_second_over_link == pytest.approx(250)
    late = speed("token", 1000, 1e6, LinkUse(100, 2), 1_000_000, latency=0.016)
    assert late.link_limit == pytest.approx(1 / 0.033)
    assert late.a_second_over_link == pytest.approx(1 / 0.034)
    assert late.named() == {
        "cycles_per_token": 1000, "tokens_per_second": late.a_second, "link_bytes_per_token": 100,
        "round_trips_per_token": 2, "round_trip_seconds": 0.016, "link_limit": late.link_limit,
        "tokens_per_second_over_link": late.a_second_over_link}


@pytest.mark.parametrize(("name", "seconds"), [
    ("ulx3s-85f", 0.016), ("icebreaker", 0.016), ("kv260", 0.016), ("alveo-u280", 0.016),
    ("colorlight-i9", 0.002), ("tang-nano-9k", 0.002), ("tang-nano-20k", 0.002)])
def test_bridges_hold_answers_back(name: str, seconds: float) -> None:
    assert find_board(name).latency.seconds == seconds
