# amaranth: UnusedElaboratable=no
"""The pacer: order, speed of the line while there is room, and a probe that would lose bytes."""

from __future__ import annotations

import random

import pytest
from sterna_boards.bridge import Bridge
from sterna_boards.catalogue import find_board
from sterna_hw.link.pacer import Pacer
from sterna_sim.streams import Receiver, sender, simulate

from tests.boards.kinds import OPEN_BOARDS

CLOCK = 1_000_000
BYTE = 10
FRAME = CLOCK // 1000
"""Clocks of a millisecond."""


def test_bytes_in_order_and_no_faster() -> None:
    pacer = Pacer(5, 7)
    data = random.Random(1).choices(range(256), k=60)
    receiver = Receiver(pacer.o, len(data))
    simulate(pacer, sender(pacer.i, data), receiver)
    assert receiver.values == data
    taken = receiver.clocks
    assert taken[4] - taken[0] == 4, "what fits comes in every clock"
    for first, last in zip(taken, taken[6:], strict=False):
        assert last - first >= 7
    assert taken[-1] - taken[0] == pytest.approx(7 * (len(data) - 5), abs=7)


@pytest.mark.parametrize("seed", range(4))
def test_random_pauses_never_change_a_byte(seed: int) -> None:
    rng = random.Random(seed)
    pacer = Pacer(rng.choice([1, 2, 9]), rng.choice([1, 2, 5]))
    data = rng.choices(range(256), k=100)
    receiver = Receiver(pacer.o, len(data), seed=seed, density=0.4)
    simulate(pacer, sender(pacer.i, data, density=0.6), receiver)
    assert receiver.values == data


def test_wrong_numbers() -> None:
    for most, interval in ((0, 3), (3, 0)):
        with pytest.raises(ValueError, match="at least 1 each"):
            Pacer(most, interval)


def _received(pace: tuple[int, int], data: list[int], late: int) -> list[int]:
    """What a host gets over the line, of 1 Mbit/s, and a probe like DAPLink on an STM32F103.

    The probe holds 511 of the 512 bytes of its buffer, drops what comes while they are there, and
    sends a packet of 64 bytes a millisecond, but for the first ``late`` of them.
    """
    pacer = Pacer(*pace)
    held: list[int] = []
    found: list[int] = []

    async def probe(ctx) -> None:
        for clock in range(FRAME * (late + len(data) // 24 + 4)):
            ctx.set(pacer.o.ready, clock % BYTE == 0)
            _, _, ready, valid, byte = await ctx.tick().sample(
                pacer.o.ready, pacer.o.valid, pacer.o.payload)
            if ready and valid and len(held) < 511:
                held.append(byte)
            if clock % FRAME == FRAME - 1 and clock >= late * FRAME:
                found.extend(held[:64])
                del held[:64]
            if len(found) == len(data):
                break

    simulate(pacer, sender(pacer.i, data), probe)
    return found


@pytest.mark.parametrize("late", [0, 4])
def test_the_probe_of_the_colorlight_loses_nothing(late: int) -> None:
    bridge = find_board("colorlight-i9").bridge
    assert bridge is not None
    data = random.Random(late).choices(range(256), k=900)
    pace = (bridge.holds // 2, CLOCK // bridge.passes)
    assert _received(pace, data, late) == data


UNPACED = (1 << 12, 1)


def test_without_pacing_it_would() -> None:
    data = random.Random(1).choices(range(256), k=900)
    assert _received(UNPACED, data, 4) != data
    assert _received(UNPACED, data[:500], 4) == data[:500], "short answers need none"


def test_only_one_board_has_such_a_bridge() -> None:
    assert {name: board.bridge for name, board in OPEN_BOARDS.items() if board.bridge} == {
        "colorlight-i9": Bridge(holds=512, passes=32_000)}
