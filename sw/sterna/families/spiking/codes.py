"""Real inputs of spiking networks as codes: the fraction bits that suit them, and what is lost.

A code is an integer in -127 .. 127 that stands for ``code / 2**fraction``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.spiking.integers import SpikingNetwork
from sterna.law.arithmetic import CODE_LIMIT
from sterna.law.codes import LEAST_FRACTION, MOST_FRACTION

Reals = NDArray[np.float64]

_REACH = CODE_LIMIT + 0.5
"""Up to here the nearest code is off by half a unit at most."""


@dataclass(frozen=True)
class Encoded:
    """Codes of real inputs, of their shape, and how many of the inputs they change."""

    codes: NDArray[np.integer] = field(repr=False)
    fraction: int
    loud: int
    """Inputs that are not 0."""
    rounded: int
    zeroed: int
    """Those of the rounded that became 0."""
    clamped: int
    change: float
    """The largest difference of an input and what its code stands for."""

    @property
    def exact(self) -> bool:
        """Whether every code is its input."""
        return not self.rounded + self.clamped

    def summary(self) -> str:
        """What became of the inputs, for people."""
        if self.exact:
            return f"all {self.loud} non-zero values exact"
        zeroed = f" ({self.zeroed} of them to 0)" if self.zeroed else ""
        limit = CODE_LIMIT * 2.0**-self.fraction
        return (f"of {self.loud} non-zero values {self.rounded} rounded{zeroed}, {self.clamped} "
                f"clamped to {limit:g}, by at most {self.change:.3g}")

    def check(self, what: str, reason: str, best: int) -> None:
        """Raise `InputError` when half of the inputs other than 0 changed; `best` suits them."""
        if 2 * (self.rounded + self.clamped) >= max(1, self.loud):
            way = "give --allow-rounding to go on with the nearest codes"
            if best != self.fraction:
                way = (f"give --input-fraction {best} (--allow-rounding goes on with the nearest "
                       "codes of any fraction)")
            raise InputError(
                f"{what}: with input fraction {self.fraction} ({reason}), {self.summary()}; {way}")


def encode(inputs: Reals, fraction: int) -> Encoded:
    """Codes of a fraction, rounded half to even and clamped. Raises `InputError` for NaN."""
    values = np.asarray(inputs, np.float64)
    if not np.isfinite(values).all():
        raise InputError("inputs must be finite numbers")
    scaled = np.ldexp(values, fraction)
    codes = np.clip(np.rint(scaled), -CODE_LIMIT, CODE_LIMIT)
    found = np.ldexp(codes, -fraction)
    clamped = np.abs(scaled) > _REACH
    rounded = (found != values) & ~clamped
    return Encoded(
        codes.astype(np.int64), fraction, int(np.count_nonzero(values)),
        int(rounded.sum()), int((rounded & (codes == 0)).sum()), int(clamped.sum()),
        float(np.abs(found - values).max(initial=0.0)),
    )


def encode_blocks(blocks: Iterable[Reals], shape: tuple[int, ...], fraction: int) -> Encoded:
    """As `encode`, of inputs of a shape that come a block of rows at a time; a byte a code."""
    codes, done, parts = np.zeros(shape, np.int8), 0, []
    for block in blocks:
        part = encode(block, fraction)
        codes[done:done + len(block)] = part.codes
        done += len(block)
        parts.append(replace(part, codes=codes[:0]))
    return Encoded(codes, fraction, sum(part.loud for part in parts),
                   sum(part.rounded for part in parts), sum(part.zeroed for part in parts),
                   sum(part.clamped for part in parts), max(part.change for part in parts))


@dataclass(frozen=True)
class Fractions:
    """The fraction bits that suit inputs best, and all those that hold every input exactly."""

    best: int
    exact: frozenset[int]


def fractions_for(blocks: Iterable[Reals]) -> Fractions:
    """Best are the fewest bits that hold all inputs exactly, else the most that clamp none."""
    exact, largest = set(range(LEAST_FRACTION, MOST_FRACTION + 1)), 0.0
    for block in blocks:
        values = np.unique(np.abs(block))
        largest = max(largest, float(values[-1]))
        exact -= {item for item in exact if not encode(values, item).exact}
    fractions = range(LEAST_FRACTION, MOST_FRACTION + 1)
    most = max((item for item in fractions if np.ldexp(largest, item) <= _REACH),
               default=LEAST_FRACTION)
    best = next((item for item in range(min(0, most), most) if item in exact), most)
    return Fractions(best, frozenset(exact))


def fraction_for(inputs: Reals) -> int:
    """The best of `fractions_for`."""
    return fractions_for([np.asarray(inputs, np.float64)]).best


def input_codes(
    network: SpikingNetwork, inputs: Reals, *, allow_rounding: bool = False
) -> NDArray[np.int64]:
    """Codes of real inputs in the network's fraction.

    Raises `InputError` when half of the inputs other than 0 are not what their codes stand for,
    unless that is allowed.
    """
    encoded = encode(inputs, network.input_fraction)
    if not allow_rounding and not encoded.exact:
        encoded.check("inputs", "the network's", fraction_for(inputs))
    return encoded.codes.astype(np.int64)


class TakesInputs(Protocol):
    """What says how many inputs there are, and what their codes stand for."""

    @property
    def inputs(self) -> int: ...

    @property
    def input_fraction(self) -> int: ...


def random_inputs(
    network: TakesInputs, steps: int, batch: int, rate: float, seed: int
) -> Reals:
    """Random inputs [steps, batch, inputs] that codes hold exactly, `rate` of them not 0.

    Spikes; with an input fraction, real values of up to 1 in magnitude, most of them positive.
    Raises `InputError` for impossible values.
    """
    from sterna.families.spiking.input_file import random_input

    spikes = random_input(network.inputs, steps, batch, rate, seed)
    if not network.input_fraction:
        return spikes
    limit = min(CODE_LIMIT, max(1, 1 << max(0, network.input_fraction)))
    codes = np.random.default_rng([seed, 1]).integers(-(limit // 4), limit + 1, spikes.shape)
    return np.ldexp(spikes * np.where(codes == 0, limit, codes), -network.input_fraction)
