# amaranth: UnusedElaboratable=no
"""The compressor against a list comprehension, under back-pressure."""

from __future__ import annotations

import random

import pytest
from sterna_hw.spiking.event_compressor import EventCompressor
from sterna_sim.streams import Receiver, sender, simulate


@pytest.mark.parametrize("lanes", [1, 2, 4, 7])
@pytest.mark.parametrize("density", [1.0, 0.4])
def test_events_keep_their_order(lanes: int, density: float) -> None:
    """Nothing is lost, made up or moved; words without events vanish."""
    rng = random.Random(lanes)
    words = [
        {"items": [rng.randrange(32) for _ in range(lanes)],
         "wanted": rng.choice([0, rng.randrange(1 << lanes), (1 << lanes) - 1]), "tag": number}
        for number in range(60)
    ]
    expected = [
        {"item": word["items"][lane], "lane": lane, "tag": word["tag"]}
        for word in words for lane in range(lanes) if word["wanted"] >> lane & 1
    ]
    compressor = EventCompressor(5, lanes, 6)
    receiver = Receiver(compressor.o, len(expected), seed=2, density=density)
    simulate(compressor, sender(compressor.i, words, seed=1, density=density), receiver)
    assert receiver.values == expected


def test_one_event_a_clock() -> None:
    """Full words without a pause, and one clock for an empty word."""
    words = [{"items": [1, 2, 3, 4], "wanted": wanted, "tag": 0} for wanted in (15, 15, 0, 0, 15)]
    compressor = EventCompressor(3, 4, 1)
    receiver = Receiver(compressor.o, 12)
    simulate(compressor, sender(compressor.i, words), receiver)
    first = receiver.clocks[0]
    assert receiver.clocks == [first + clock for clock in [*range(8), *range(10, 14)]]
