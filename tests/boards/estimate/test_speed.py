"""Rates over the link, held to the frames that the host sends."""

from __future__ import annotations

import pytest
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.host.counted import CountedTransport
from sterna.host.device import MOST_AT_ONCE, Wanted
from sterna.host.token_board import TokenBoard
from sterna.law.sampling import Sampling
from sterna.machine.additions import with_generation
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.frames import Frame, encode_frame
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import FrameType
from sterna_boards.bridge import FTDI, Latency
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.speed import LinkUse, link_use, round_trips, speed

from tests.sim.shapes import random_program

NONE = Latency(0.0, "a wire")


def _size(kind: FrameType, payload: int) -> int:
    return len(encode_frame(Frame(kind, 0, bytes(payload))))


def test_bytes_of_a_token() -> None:
    machine = PRESETS["standard"].having(vector_lanes=8)
    run = _size(FrameType.RUN, 10) + _size(FrameType.RESULT, 24 + 8 * machine.head.top_k + 8)
    assert link_use(machine, 0) == LinkUse(run, 1)
    row = _size(FrameType.LOAD, 5 + 32 * 20) + _size(FrameType.ACK, 0)
    assert link_use(machine, 32) == LinkUse(run + row, 1)
    several = (_size(FrameType.RUN, 6 + 3 * 4 + 4)
               + _size(FrameType.RESULT, 24 + 3 * (8 * machine.head.top_k + 8)))
    assert link_use(machine.having(streams=3), 32) == LinkUse(several + 3 * row, 1)


def test_the_sum_of_token_streams_is_told_beside_the_rate_of_one() -> None:
    rates = speed("token", 1000, 1e6, LinkUse(100, 2), 1_000_000, NONE, streams=2)
    assert rates.named()["aggregate_tokens_per_second"] == 2 * rates.a_second
    assert rates.named()["aggregate_tokens_per_second_over_link"] == 2 * rates.a_second_over_link


def test_the_link_adds_its_time() -> None:
    rates = speed("token", 1000, 1e6, LinkUse(100, 2), 1_000_000, NONE)
    assert rates.a_second == pytest.approx(1000)
    assert rates.a_second_over_link == pytest.approx(500)
    slow = speed("token", 1000, 1e6, LinkUse(100, 2), 1_000_000, NONE, pause=0.002)
    assert slow.a_second_over_link == pytest.approx(250)
    late = speed("token", 1000, 1e6, LinkUse(100, 2), 1_000_000, FTDI)
    assert late.link_limit == pytest.approx(1 / 0.033)
    assert late.a_second_over_link == pytest.approx(1 / 0.034)
    assert late.named() == {
        "cycles_per_token": 1000, "tokens_per_second": late.a_second, "link_bytes_per_token": 100,
        "round_trips_per_token": 2, "round_trip_seconds": 0.016, "round_trip_reason": FTDI.why,
        "link_limit": late.link_limit,
        "tokens_per_second_over_link": late.a_second_over_link}


@pytest.mark.parametrize(("window", "ids"), [(64, 64), (1024, 512)])
def test_a_board_that_feeds_itself_goes_on_while_it_answers(window: int, ids: int) -> None:
    """Held to the frames of a host that takes so many ids."""
    program = random_program(24, 1, 40, 61)
    machine = with_generation(fit_machine(program, PRESETS["tiny"], "chip"))
    machine = machine.having(generate_window=window)
    transport = CountedTransport(EmulatedBoard(machine))
    device = TokenBoard(transport, "board")
    device.load(compile_program(program, machine, "chip"))
    device.begin(0, [1, 2], Wanted(sampling=Sampling(), most=10_000))
    device.take({0: 1})
    before = transport.traffic
    assert len(device.take({0: MOST_AT_ONCE})[0].ids) == ids
    traffic, use = transport.traffic - before, link_use(machine, 0)
    assert (use.bytes * ids, use.round_trips * ids) == (traffic.bytes, traffic.round_trips)
    assert link_use(machine, 32) == link_use(fit_machine(program, PRESETS["tiny"], "chip"), 32)
    fast = speed("token", 10, 1e6, use, 1_000_000, FTDI)
    assert fast.a_second_over_link == fast.link_limit == pytest.approx(
        ids / (traffic.bytes * 1e-5 + 0.016))
    assert speed("token", 10_000, 1e6, use, 1_000_000, FTDI).a_second_over_link == 100


def test_round_trips_are_told() -> None:
    ftdi = f"16 ms ({FTDI.why})"
    assert round_trips(1, "token", FTDI) == f"a round trip of {ftdi}"
    assert round_trips(2, "token", FTDI) == f"2 round trips of {ftdi}"
    assert round_trips(1 / 256, "token", FTDI) == f"a round trip in 256 tokens, {ftdi}"


@pytest.mark.parametrize(("name", "seconds"), [
    ("ulx3s-85f", 0.016), ("icebreaker", 0.016), ("kv260", 0.016), ("alveo-u280", 0.016),
    ("colorlight-i9", 0.002), ("tang-nano-9k", 0.002), ("tang-nano-20k", 0.002)])
def test_bridges_hold_answers_back(name: str, seconds: float) -> None:
    assert find_board(name).latency.seconds == seconds
