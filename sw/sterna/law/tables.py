"""Look-up tables of programs: piecewise linear approximations of functions on words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.law.arithmetic import TABLE_INDEX_BITS, TABLE_SEGMENTS, TABLE_SHIFT

Function = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_SAMPLES = 64


@dataclass(frozen=True, kw_only=True)
class Table:
    """A look-up table: pairs of base and slope for each of the 512 segments of the word range."""

    name: str
    base: tuple[int, ...]
    slope: tuple[int, ...]


def sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """``1 / (1 + exp(-x))``, without overflow."""
    return np.exp(-np.logaddexp(0, -x))


def function_table(
    name: str, function: Function, word_bits: int, input_fraction: int, output_fraction: int
) -> Table:
    """The table of a function of real numbers on words with the given fraction bits.

    Each segment has the slope of its chord; its base is moved by half the greatest deviation, which
    halves the error of a curved function. Raises `InputError` when a slope exceeds the word.
    """
    limit = (1 << (word_bits - 1)) - 1
    fraction_bits = word_bits - TABLE_INDEX_BITS
    width = 1 << fraction_bits
    starts = np.arange(TABLE_SEGMENTS) * width - (1 << (word_bits - 1))
    inside = np.linspace(0, 1, _SAMPLES + 1)
    samples = starts[:, None] + width * inside
    values = function(samples * 2.0**-input_fraction) * 2.0**output_fraction
    slope = np.round((values[:, -1] - values[:, 0]) * 2.0 ** (TABLE_SHIFT - fraction_bits))
    if np.abs(slope).max() > limit:
        raise InputError(
            f"table {name}: too steep for {word_bits}-bit words with {input_fraction} fraction "
            f"bits in and {output_fraction} out; raise the first or lower the second"
        )
    deviation = values - slope[:, None] * inside * 2.0 ** (fraction_bits - TABLE_SHIFT)
    base = np.round((deviation.min(1) + deviation.max(1)) / 2)
    # Moving the base must not take it outside what the function itself reaches.
    base = np.clip(base, np.ceil(values.min()), np.floor(values.max())).clip(-limit, limit)
    return Table(
        name=name,
        base=tuple(base.astype(int).tolist()),
        slope=tuple(slope.astype(int).tolist()),
    )


def sigmoid_table(name: str, word_bits: int, input_fraction: int, output_fraction: int) -> Table:
    """The table of the logistic function; see `function_table`."""
    return function_table(name, sigmoid, word_bits, input_fraction, output_fraction)
