"""Windows: a convolution whose weights are there once, and the sums of blocks before it.

A matrix ``W`` [targets, sources] may be given by a window. Sources are ``channels`` maps of
``height`` x ``width``, targets ``outputs`` maps of `Window.made`. In this order, all exact:

1. **Pool**: a map becomes ``height // p`` x ``width // q`` sums of blocks of ``pool`` = (p, q)
   elements that do not overlap; rows and columns that fill no block are left out.
2. **Correlate**: target (o, y, x) is the sum over d, k and l of ``weights[o, d, k, l]`` times the
   sum at channel ``g * channels / groups + d``, row ``y * stride + k * dilation - top`` and the
   column that follows likewise from x, l and ``left``; g = ``o // (outputs / groups)``. What lies
   outside the map is 0. ``padding`` is (top, bottom, left, right).

A map of one dimension has height 1. Elements stand channel by channel, each row by row; with
``source_last``, or ``target_last``, the channels of a position stand side by side. Codes are added
up as they are: a source that is 5 counts five times, two sources of one block count both.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError

Pair = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Window:
    """The geometry of a convolution, see the module. Raises `InputError` for one that cannot be."""

    channels: int
    height: int
    width: int
    outputs: int
    pool: Pair = (1, 1)
    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    groups: int = 1
    source_last: bool = False
    target_last: bool = False

    def __post_init__(self) -> None:
        for name in ("channels", "height", "width", "outputs", "groups", "pool", "kernel",
                     "stride", "dilation"):
            value = getattr(self, name)
            sizes = value if isinstance(value, tuple) else (value,)
            if any(type(size) is not int or size < 1 for size in sizes):
                raise InputError(f"window: {name} {value} must be 1 or more")
        if any(type(size) is not int or size < 0 for size in self.padding):
            raise InputError(f"window: padding {list(self.padding)} must be 0 or more")
        if self.channels % self.groups or self.outputs % self.groups:
            raise InputError(f"window: {self.channels} channels to {self.outputs} are not in "
                             f"{self.groups} equal groups")
        if min(self.made) < 1:
            raise InputError(f"window: it would make {self.made[0]} x {self.made[1]} positions of "
                             f"{self.height} x {self.width}")

    @property
    def pooled(self) -> Pair:
        """Rows and columns after pooling."""
        return self.height // self.pool[0], self.width // self.pool[1]

    @property
    def made(self) -> Pair:
        """Rows and columns of a target map."""
        top, bottom, left, right = self.padding
        reach = [step * (size - 1) + 1 for size, step in zip(
            self.kernel, self.dilation, strict=True)]
        places = (self.pooled[0] + top + bottom - reach[0],
                  self.pooled[1] + left + right - reach[1])
        return places[0] // self.stride[0] + 1, places[1] // self.stride[1] + 1

    @property
    def sources(self) -> int:
        return self.channels * self.height * self.width

    @property
    def targets(self) -> int:
        return self.outputs * prod(self.made)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """That of the weights: outputs, channels of a group, rows and columns of the kernel."""
        return (self.outputs, self.channels // self.groups, *self.kernel)

    def magnitudes(self, weights: NDArray[np.int64]) -> NDArray[np.int64]:
        """What codes of 1 can make of each target at most: [targets, 1]."""
        sums = np.abs(weights).sum((1, 2, 3)) * prod(self.pool)
        positions = prod(self.made)
        return (np.tile(sums, positions) if self.target_last else np.repeat(sums, positions)
                )[:, None]

    def __str__(self) -> str:
        top, bottom, left, right = self.padding
        text = (f"window of {self.channels} x {self.height} x {self.width} to {self.outputs} x "
                f"{self.made[0]} x {self.made[1]}, kernel {self.kernel[0]} x {self.kernel[1]}")
        for name, pair in (("pool", self.pool), ("stride", self.stride),
                           ("dilation", self.dilation)):
            if pair != (1, 1):
                text += f", {name} {pair[0]} x {pair[1]}"
        if any(self.padding):
            text += f", padding {top} {bottom} {left} {right}"
        return text + (f", {self.groups} groups" if self.groups > 1 else "")


def channels_last(channels: int, positions: int) -> NDArray[np.int64]:
    """Which element channel by channel each is, where channels stand side by side."""
    return np.arange(channels * positions).reshape(channels, positions).T.reshape(-1)
