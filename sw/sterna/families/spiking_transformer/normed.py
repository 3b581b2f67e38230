"""Convolutions with the batch norms behind them folded, and channels that stand in whole words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
EPSILON = 1e-5
"""That of every batch norm."""
GRAIN = 16
"""Weights that a row of a product is a multiple of, where neurons may be added for that."""


@dataclass(frozen=True, kw_only=True)
class Normed:
    """A convolution with what is behind it: ``(weights * codes + bias) * scale + shift``.

    Weights are [outputs, channels of a group, rows, columns]; the others [outputs]. Blocks of
    ``pool`` codes are added up before it. ``steps`` are what weights are whole numbers of, if they
    are.
    """

    weights: Reals
    scale: Reals
    shift: Reals
    stride: int = 1
    groups: int = 1
    pool: tuple[int, int] = (1, 1)
    steps: Reals | None = None


def normed(tensors: Mapping[str, Reals], convolution: str, *norms: str, stride: int = 1,
           groups: int = 1) -> Normed:
    """A convolution of the tensors with its batch norms, one behind the other."""
    weights = tensors[f"{convolution}.weight"]
    weights = weights.reshape(*weights.shape, *(1,) * (4 - weights.ndim))
    scale, shift = np.ones(len(weights)), tensors.get(f"{convolution}.bias")
    shift = np.zeros(len(weights)) if shift is None else shift
    for name in norms:
        weight, bias, mean, variance = (tensors[f"{name}.{part}"] for part in (
            "weight", "bias", "running_mean", "running_var"))
        factor = weight / np.sqrt(variance + EPSILON)
        scale, shift = scale * factor, (shift - mean) * factor + bias
    return Normed(weights=weights, scale=scale, shift=shift, stride=stride, groups=groups)


@dataclass(frozen=True)
class Places:
    """Where channels stand among more of them."""

    at: NDArray[np.int64]
    size: int

    @staticmethod
    def of(channels: int, groups: int = 1) -> Places:
        """So many, each of the groups in words of its own."""
        own = channels // groups
        wide = -(-own // GRAIN) * GRAIN if channels > GRAIN else own
        return Places(np.arange(channels) // own * wide + np.arange(channels) % own, groups * wide)


def placed(given: Normed, outputs: Places | None = None, inputs: Places | None = None) -> Normed:
    """With zeros where a place has no channel."""
    weights, scale, shift, steps = given.weights, given.scale, given.shift, given.steps
    if outputs is not None:
        weights, scale, shift = (_rows(values, outputs) for values in (weights, scale, shift))
        steps = None if steps is None else _rows(steps, outputs)
    if inputs is not None:
        weights = _rows(weights.swapaxes(0, 1), inputs).swapaxes(0, 1)
    return replace(given, weights=weights, scale=scale, shift=shift, steps=steps)


def _rows(values: Reals, places: Places) -> Reals:
    found = np.zeros((places.size, *values.shape[1:]))
    found[places.at] = values
    return found
