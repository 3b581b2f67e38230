"""Windows: what the law's words say, element by element, against the golden's convolution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.golden.windows import windowed
from sterna.law.window import Window, channels_last

PLAIN = Window(channels=2, height=5, width=4, outputs=3)
WINDOWS = [
    PLAIN,
    replace(PLAIN, kernel=(3, 2), padding=(1, 0, 0, 1)),
    replace(PLAIN, kernel=(2, 3), stride=(2, 1), padding=(0, 3, 2, 0)),
    replace(PLAIN, kernel=(3, 3), stride=(3, 2), dilation=(2, 3), padding=(2, 2, 3, 3)),
    replace(PLAIN, pool=(2, 3), kernel=(2, 1)),
    replace(PLAIN, pool=(2, 2), kernel=(3, 3), padding=(1, 1, 1, 1)),
    replace(PLAIN, channels=4, outputs=6, groups=2, kernel=(2, 2)),
    replace(PLAIN, channels=3, outputs=3, groups=3, height=1, kernel=(1, 7), padding=(0, 0, 3, 3)),
]


def matrix(window: Window, weights: np.ndarray) -> np.ndarray:
    """Targets by sources, as the law says it."""
    found = np.zeros((window.targets, window.sources), np.int64)
    (high, wide), (rows, columns) = window.made, window.pooled
    mine, theirs = window.outputs // window.groups, window.channels // window.groups
    for target, y, x in np.ndindex(window.outputs, high, wide):
        row = ((y * wide + x) * window.outputs + target if window.target_last
               else (target * high + y) * wide + x)
        for depth, k, n in np.ndindex(*window.shape[1:]):
            channel = target // mine * theirs + depth
            i = y * window.stride[0] + k * window.dilation[0] - window.padding[0]
            j = x * window.stride[1] + n * window.dilation[1] - window.padding[2]
            if not (0 <= i < rows and 0 <= j < columns):
                continue
            for p, q in np.ndindex(*window.pool):
                place = i * window.pool[0] + p, j * window.pool[1] + q
                column = ((place[0] * window.width + place[1]) * window.channels + channel
                          if window.source_last
                          else (channel * window.height + place[0]) * window.width + place[1])
                found[row, column] += weights[target, depth, k, n]
    return found


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("last", [False, True])
def test_the_golden_is_the_law(window: Window, last: bool) -> None:
    window = replace(window, source_last=last, target_last=not last)
    draw = np.random.default_rng(1)
    weights = draw.integers(-121, 122, window.shape)
    codes = draw.integers(-127, 128, (2, window.sources))
    whole = matrix(window, weights)
    assert np.array_equal(windowed(window, codes, weights), codes @ whole.T)
    most = window.magnitudes(weights)
    assert most.shape == (window.targets, 1) and (np.abs(whole).sum(1) <= most[:, 0]).all()


def test_magnitudes_are_reached_where_nothing_is_cut_off() -> None:
    window = replace(PLAIN, pool=(2, 2), kernel=(2, 2))
    weights = np.random.default_rng(2).integers(-9, 10, window.shape)
    assert np.array_equal(np.abs(matrix(window, weights)).sum(1, keepdims=True),
                          window.magnitudes(weights))


def test_orders_of_elements() -> None:
    """The third channel of two positions, and back."""
    order = channels_last(3, 2)
    assert order.tolist() == [0, 2, 4, 1, 3, 5]
    assert np.arange(6)[order][np.argsort(order)].tolist() == list(range(6))


@pytest.mark.parametrize(("change", "told"), [
    ({"stride": (0, 1)}, "must be 1 or more"), ({"padding": (0, -1, 0, 0)}, "must be 0 or more"),
    ({"groups": 2}, "are not in 2 equal groups"), ({"kernel": (6, 1)}, "would make 0 x 4"),
    ({"pool": (6, 1)}, "would make 0 x 4"),
])
def test_a_window_that_cannot_be(change: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        replace(PLAIN, **change)


def test_what_is_told_of_one() -> None:
    assert str(replace(PLAIN, pool=(2, 1), kernel=(2, 3), padding=(0, 0, 1, 0))) == (
        "window of 2 x 5 x 4 to 3 x 1 x 3, kernel 2 x 3, pool 2 x 1, padding 0 0 1 0")
