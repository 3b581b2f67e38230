"""Batch norm, clamp and round behind an integer sum, as a gain, a bias and a threshold a channel.

Of a sum ``S`` of integers, ``y = scale * (S - mean) / sqrt(variance) + shift`` is rounded and
clamped to a **count** 0 .. ``most``. As y rises or falls with S, count >= k is one comparison
``S >= t_k``, or ``S <= t_k`` where the scale is negative; the t_k are found here in exact rational
arithmetic, without a root (`Chain.levels`). Along k they are a digitised straight line, and of such
a line of ``most`` points there is always an integer form with a gain below ``most``: with three
integers a channel the neuron of `sterna.law.neuron` does all of it, without a rounding of its own::

    count = the number of k in 1 .. most with S * gain + bias >= k * threshold

So counts need no unit beside the neurons, and a gain of -3 .. 3 for counts to 4 no multiplier.
Half even is such a line too, but where several y are exact ties (a scale of 1 and a shift of 1/2).

Source: spec/systems.md section 3.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from sterna.errors import InputError
from sterna.law.neuron import Decay, NeuronDefinition, Reset, Rounding

_FARTHEST = 1 << 48
"""Beyond any sum."""


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The y of a channel. Raises `InputError` for a variance that is not positive."""

    scale: Fraction
    mean: Fraction = Fraction(0)
    variance: Fraction = Fraction(1)
    shift: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        if self.variance <= 0:
            raise InputError(f"thresholds: a variance of {float(self.variance):g}; it must be "
                             "above 0")

    def compared(self, total: int, level: Fraction) -> int:
        """Whether y of a sum is above a level (1), below (-1) or equal (0): without a root."""
        left, right = self.scale * (total - self.mean), level - self.shift
        signs = [(value > 0) - (value < 0) for value in (left, right)]
        if signs[0] != signs[1] or not signs[0]:
            return (signs[0] > signs[1]) - (signs[0] < signs[1])
        squares = left * left, right * right * self.variance
        return signs[0] * ((squares[0] > squares[1]) - (squares[0] < squares[1]))

    def levels(self, most: int, rounding: Rounding) -> tuple[int, ...]:
        """By k the least S, in the direction in which y rises, whose count is at least k.

        That of a negative scale is of -S. `_FARTHEST` stands for none, its negative for all.
        """
        rising = -1 if self.scale < 0 else 1
        found = []
        for level, inclusive in cuts(most, rounding):
            least = 0 if inclusive else 1

            def passes(total: int, level: Fraction = level, least: int = least) -> bool:
                return self.compared(rising * total, level) >= least

            found.append(_first(passes, rising * self._near(level)))
        return tuple(found)

    def _near(self, level: Fraction) -> int:
        """About the sum whose y is a level, for a search to begin with."""
        try:
            return round(min(max(float((level - self.shift) / self.scale) * sqrt(
                self.variance) + float(self.mean), -_FARTHEST), _FARTHEST))
        except (OverflowError, ZeroDivisionError):
            return 0


def cuts(most: int, rounding: Rounding) -> tuple[tuple[Fraction, bool], ...]:
    """By k the y from which on the count is k, and whether it belongs to k itself.

    Raises `InputError` for a rounding that counts are not made with.
    """
    half = Fraction(1, 2)
    if rounding is Rounding.HALF_UP:
        return tuple((k - half, True) for k in range(1, most + 1))
    if rounding is Rounding.HALF_EVEN:
        return tuple((k - half, k % 2 == 0) for k in range(1, most + 1))
    if rounding in (Rounding.FLOOR, Rounding.ZERO):
        return tuple((Fraction(k), True) for k in range(1, most + 1))
    raise InputError(f"thresholds: counts are not rounded {rounding.value}")


def _first(passes: Callable[[int], bool], near: int) -> int:
    """The least whole number that passes; all above it do. It is the sooner found the nearer."""
    low, high, step = max(near - 1, -_FARTHEST), min(near + 1, _FARTHEST), 1
    while low > -_FARTHEST and passes(low):
        low, high, step = max(low - step, -_FARTHEST), low, 4 * step
    while high < _FARTHEST and not passes(high):
        low, high, step = high, min(high + step, _FARTHEST), 4 * step
    while low < high:
        middle = (low + high) // 2
        if passes(middle):
            high = middle
        else:
            low = middle + 1
    return low


@dataclass(frozen=True)
class Counting:
    """The integers of a channel; ``S * gain + bias >= k * threshold``."""

    gain: int
    bias: int
    threshold: int

    def count(self, total: int, most: int) -> int:
        """The count of a sum."""
        return sum(total * self.gain + self.bias >= k * self.threshold for k in range(1, most + 1))

    def reach(self, most_sum: int, most: int) -> int:
        """Largest magnitude that the membrane, or a level, has with such sums."""
        return max(abs(self.gain) * most_sum + abs(self.bias), most * abs(self.threshold))


def counting(chain: Chain, most: int, rounding: Rounding, most_sum: int) -> Counting:
    """The integers that count as the chain does, for all sums up to ``most_sum`` in magnitude.

    Raises `InputError` where the ties of half even make no line.
    """
    levels = chain.levels(most, rounding)
    if chain.scale == 0:  # all or none of each
        return Counting(0, sum(level < 0 for level in levels), 1)
    found = _within(levels, most_sum) or _line(levels)
    if found is None:
        raise InputError(
            f"thresholds {', '.join(map(str, levels))} of half even are of several exact ties and "
            "on no line; round half up, or move the shift by less than any sum can")
    sign = -1 if chain.scale < 0 else 1
    return Counting(sign * found.gain, found.bias, found.threshold)


def _within(levels: Sequence[int], most_sum: int) -> Counting | None:
    """With a gain of 1, where at most one level is within reach of the sums."""
    within = [place for place, level in enumerate(levels, 1) if -most_sum < level <= most_sum]
    if len(within) > 1:
        return None
    apart = 2 * most_sum + 2
    if within:
        return Counting(1, within[0] * apart - levels[within[0] - 1], apart)
    always = sum(level <= -most_sum for level in levels)
    return Counting(1, always * apart + most_sum, apart)


def _line(levels: Sequence[int]) -> Counting | None:
    """The least gain, with it the least threshold, that meets all levels."""
    most = len(levels)
    for gain in range(1, max(2, most)):
        middle = gain * (levels[-1] - levels[0]) // max(1, most - 1)
        for threshold in range(middle - gain, middle + gain + 2):
            low = max(k * threshold - gain * level for k, level in enumerate(levels, 1))
            high = min(k * threshold - gain * (level - 1) for k, level in enumerate(levels, 1))
            if low < high:
                return Counting(gain, low, threshold)
    return None


def counting_definition(most: int, sum_bits: int, reach: int) -> NeuronDefinition:
    """The neuron without memory that counts so; ``reach`` is the largest of `Counting.reach`."""
    return NeuronDefinition(
        sum_bits=sum_bits, membrane_bits=max(4, reach.bit_length() + 1),
        factor_bits=max(2, most.bit_length() + 1), factor_fraction=0, decay=Decay.MULTIPLY,
        strict=False, reset=Reset.NO_RESET, max_count=most)
