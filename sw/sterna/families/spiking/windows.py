"""Convolutions and pooling, as windows; written out only where they must be.

A node is what a graph of NIR has, or what has its fields. The ``what`` of a message names it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.spiking.shapes import Shape, sizes, told_axes
from sterna.law.window import Window

Reals = NDArray[np.float64]

MATRIX_LIMIT = 1 << 22
"""Elements of the largest matrix that a convolution or pooling is written out to."""
VALUE_LIMIT = 1 << 24
"""Most values that a convolution or pooling makes, and most weights that a pooling has."""
CONVOLUTIONS = {"Conv1d": 1, "Conv2d": 2}
SUMS = {"SumPool1d": 1, "SumPool2d": 2}
AVERAGES = {"AvgPool1d": 1, "AvgPool2d": 2}
WINDOWS = CONVOLUTIONS | SUMS | AVERAGES
"""Axes of the positions of a map, by kinds of nodes."""


@dataclass(frozen=True)
class Windowed:
    """A window with its weights."""

    window: Window
    weights: Reals

    @staticmethod
    def identity(shape: Shape) -> Windowed:
        """What hands on maps [channels, positions ...] as they are."""
        channels, *positions = shape
        window = Window(channels=channels, outputs=channels, groups=channels,
                        height=prod(positions[:-1]), width=positions[-1])
        return Windowed(window, np.ones(window.shape))

    @property
    def pools(self) -> float | None:
        """The factor of a sum of blocks that does nothing else, None for what does more."""
        window = self.window
        alone = replace(window, pool=(1, 1), height=window.pooled[0], width=window.pooled[1])
        plain = Window(channels=window.channels, height=alone.height, width=alone.width,
                       outputs=window.channels, groups=window.channels)
        factors = np.unique(self.weights)
        return float(factors[0]) if alone == plain and factors.size == 1 else None

    def matrix(self, what: str) -> Reals:
        """Written out, [targets, sources]. Raises `InputError` where that is too large."""
        window = self.window
        if window.sources * window.targets > MATRIX_LIMIT:
            raise InputError(
                f"{what}: what leads to it, from {window.sources} to {window.targets} values, "
                f"is too large to be written out as a matrix of at most {MATRIX_LIMIT} elements; "
                "only scales, pools that do not overlap and then weights can follow a convolution "
                "or pooling without neurons between")
        from sterna.golden.windows import windowed  # and with it PyTorch

        return windowed(window, np.eye(window.sources), self.weights).T

    def then(self, other: Windowed) -> Windowed | None:
        """This one and behind it another, as one; None if that is not a window with few weights."""
        factor = self.pools
        window, (tall, wide) = self.window, other.window.pool
        maps = other.window.channels, other.window.height, other.window.width
        if factor is None or maps != (window.outputs, *window.made):
            return None
        pool = window.pool[0] * tall, window.pool[1] * wide
        return Windowed(replace(other.window, height=window.height, width=window.width, pool=pool),
                        other.weights * factor)

    def flat(self, matrix: Reals) -> Windowed | None:
        """This one and behind it a matrix, as `then`."""
        window = self.window
        if self.pools is None:
            return None
        whole = Window(channels=window.channels, height=window.made[0], width=window.made[1],
                       outputs=len(matrix), kernel=window.made)
        return self.then(Windowed(whole, matrix.reshape(whole.shape)))

    def scaled(self, scale: Reals) -> Windowed | None:
        """With a factor for each target; None unless those of a channel are equal."""
        factors = scale.reshape(self.window.outputs, -1)
        if (factors != factors[:, :1]).any():
            return None
        return Windowed(self.window, self.weights * factors[:, 0, None, None, None])


def window(what: str, kind: str, node: Any, before: Shape) -> tuple[Windowed, Reals, Shape]:
    """The window, the bias of each output, and the outputs' shape.

    Raises `InputError` when the node does not fit values of that shape.
    """
    shape = _channels(what, kind, before)
    given = getattr(node, "input_shape", None)
    if given is not None and tuple(np.ravel(given)) != shape[1:]:
        raise InputError(f"{what}: its input_shape is {np.ravel(given).tolist()}, but "
                         f"values of shape {list(before)} lead to it"
                         + ("; it looks like width, height, where height comes first"
                            if tuple(np.ravel(given))[::-1] == shape[1:] else "")
                         + told_axes(before, prod(int(size) for size in np.ravel(given))))
    misfit = f"{what}: {kind} does not fit values of shape {list(before)}"
    try:
        made = _made(kind, node, shape)
    except (InputError, ValueError) as error:
        raise InputError(f"{misfit}: {error}") from None
    found = (made.window.outputs, *made.window.made[3 - len(shape):])
    if made.window.targets > VALUE_LIMIT:
        raise InputError(f"{misfit}: it would make {list(found)}, at most {VALUE_LIMIT} values are "
                         "possible; look at its padding and stride")
    bias = getattr(node, "bias", None)
    values = np.zeros(1) if bias is None else np.repeat(
        np.asarray(bias, np.float64).reshape(-1), prod(found[1:]))
    return made, values, found


def _channels(what: str, kind: str, before: Shape) -> Shape:
    """Channels and positions: one channel where there is none, no batch of one."""
    dimensions = 1 + WINDOWS[kind]
    shape = (1, *before) if len(before) == dimensions - 1 else before
    while len(shape) > dimensions and shape[0] == 1:
        shape = shape[1:]
    if len(shape) != dimensions:
        advice = "" if len(shape) < dimensions else told_axes(
            before, prod(before[len(before) - dimensions:]))
        raise InputError(f"{what}: {kind} after values of shape {list(before)}; it takes "
                         f"channels and positions{advice}")
    return shape


def _made(kind: str, node: Any, shape: Shape) -> Windowed:
    axes = len(shape) - 1
    channels, height, width = shape[0], shape[1] if axes == 2 else 1, shape[-1]
    stride = _each(node.stride, axes)
    if kind in CONVOLUTIONS:
        weights = np.asarray(node.weight, np.float64)
        if weights.ndim != axes + 2:
            raise InputError(f"its weight has shape {list(weights.shape)}")
        kernel, dilation = weights.shape[2:], _each(node.dilation, axes)
        groups = int(np.ravel(node.groups)[0])
        if groups < 1 or weights.shape[1] * groups != shape[0]:
            raise InputError(f"its weight takes {weights.shape[1]} channels in each of {groups} "
                             "groups")
        outputs = weights.shape[0]
    else:
        kernel, groups, outputs = _each(node.kernel_size, axes), shape[0], shape[0]
        dilation = _each(getattr(node, "dilation", 1), axes)
        if isinstance(sizes(node.padding), str):
            raise InputError(f"its padding is {sizes(node.padding)!r}; a pooling takes numbers")
        factor = 1.0 if kind in SUMS else 1.0 / prod(kernel)
        if kernel == stride and not np.any(node.padding) and set(dilation) == {1}:
            pool = Window(channels=channels, height=height, width=width, outputs=outputs,
                          groups=groups, pool=(kernel[0] if axes == 2 else 1, kernel[-1]))
            return Windowed(pool, np.full(pool.shape, factor))
        if outputs * prod(kernel) > VALUE_LIMIT:
            raise InputError(f"its kernel_size is {list(kernel)}")
        weights = np.full((outputs, 1, *kernel), factor)
    if weights.size == 0:
        raise InputError(f"its weight has shape {list(weights.shape)}")
    padding = _padding(node.padding, kernel, dilation)
    if axes == 1:
        kernel, stride, dilation, padding = (
            (1, *kernel), (1, *stride), (1, *dilation), (0, 0, *padding))
    made = Window(
        channels=channels, height=height, width=width, outputs=outputs, groups=groups,
        kernel=(kernel[0], kernel[1]),
        stride=(stride[0], stride[1]), dilation=(dilation[0], dilation[1]),
        padding=(padding[0], padding[1], padding[2], padding[3]))
    return Windowed(made, weights.reshape(made.shape))


def _padding(given: Any, kernel: Shape, dilation: Shape) -> Shape:
    """Before and behind, axis by axis; ``same`` puts one that is odd behind, as PyTorch does."""
    found = sizes(given)
    if isinstance(found, str):
        spans = [step * (size - 1) for size, step in zip(kernel, dilation, strict=True)]
        if found == "valid":
            spans = [0] * len(spans)
        elif found != "same":
            raise InputError(f"its padding is {found!r}")
        return tuple(size for span in spans for size in (span // 2, span - span // 2))
    return tuple(size for axis in _each(given, len(kernel)) for size in (axis, axis))


def _each(value: Any, axes: int) -> Shape:
    found = sizes(value)
    if isinstance(found, tuple) and len(found) != axes:
        raise InputError(f"{list(found)} is not {axes} sizes")
    return found if isinstance(found, tuple) else (found,) * axes
