"""The trained network of digits that move: its task, and how often it is right."""

from __future__ import annotations

import numpy as np
from sterna.families.spiking.examples import EXAMPLES, TRAINED_DIGITS
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.lowering import lower, orders
from sterna.families.spiking.moving_digits import CLASSES, INPUTS, STEPS, moving_digits
from sterna.families.spiking.quantise import quantise


def test_samples_are_events_of_every_digit() -> None:
    events, labels = moving_digits(300, 3)
    assert events.shape == (STEPS, 300, INPUTS) and set(np.unique(events)) == {0, 1}
    assert set(labels) == set(range(CLASSES)) and 0.03 < events.mean() < 0.06
    again, _ = moving_digits(300, 3)
    assert np.array_equal(events, again) and not np.array_equal(events, moving_digits(300, 4)[0])


def test_nothing_of_the_trained_weights_is_lost() -> None:
    """Integers tell nine of ten fresh samples, as real numbers do; weights are there once."""
    assert TRAINED_DIGITS.stat().st_size < 500_000
    real = EXAMPLES["digits"]()
    network = quantise(real)
    assert all(np.array_equal(mine.weights() / 64, theirs.weights) for mine, theirs in zip(
        network.connections, real.connections, strict=True) if theirs.target[-4:] != "_max")
    assert set(orders(network)) == {"conv1", "conv1_max", "conv2", "conv2_max"}
    assert lower(network).trits() < 6 * sum(item.weights.size for item in real.connections)
    events, labels = moving_digits(100, 5)
    found = GoldenNetwork(network, 100).run(events)["out"].sum(0).argmax(1)
    wanted = real.run(events.astype(float))["out"].sum(0).argmax(1)
    assert (found == wanted).mean() >= 0.99 and (found == labels).mean() >= 0.9
