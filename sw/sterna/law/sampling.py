"""The law of sampling: which of the head's candidates follows, in integers alone.

The candidates are ``values`` (words, best first) of one scale, a scalar as in
`sterna.law.arithmetic`; the real logit of one is ``value * mantissa * 2**exponent``. What a user
asks for is integers too (`Parameters`), and a random number is a function of seed, text and
position alone: however a text is cut into runs, repeated or moved, it goes on the same way.

- **Narrowing.** The first ``count`` candidates count, all if there are fewer. Temperature 0 is a
  count of 1.
- **Rate**: ``min((scale.mantissa * sharpness.mantissa) * 2**(scale.exponent + sharpness.exponent +
  RATE_FRACTION), 2**RATE_BITS - 1)``, truncated: powers of two, of which a candidate's weight falls
  for each unit of its value below the best. ``sharpness`` is ``log2(e) / temperature``.
- **Distance** of a candidate: ``((values[0] - value) * rate) >> (RATE_FRACTION -
  DISTANCE_FRACTION)``.
- **Weight** ``2**-distance``: with ``n`` the whole part of the distance, ``index`` the next
  `POWER_INDEX_BITS` bits and ``fraction`` the rest,
  ``(base[index] - (slope[index] * fraction >> FRACTION_BITS)) << WEIGHT_BITS - POWER_BITS >> n``
  from `POWER_TABLE`. The best weighs ``2**WEIGHT_BITS``, one of `WEIGHT_BITS` or more powers less
  nothing.
- **Totals** are the running sums of weights. The candidates up to the first with ``total *
  2**SHARE_BITS >= share * totals[-1]`` are **kept**: the fewest that reach ``share``, top-p.
- **Choice**: ``point = number * totals[kept - 1] >> NUMBER_BITS``, and the first candidate whose
  total is above it.

**Random numbers** are the left word of the block cipher Speck64/96 (R. Beaulieu and others, "The
SIMON and SPECK families of lightweight block ciphers", 2013): key words seed (low, high) and text,
block words position (high, low). The position is how many tokens of the text were read before.

In gateware: one multiplier of 18 by 18 bits, three products a candidate, two for the share, four
for the point, and a round of the cipher a clock while the head works.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import ceil, frexp, log

from sterna.errors import InputError
from sterna.law.arithmetic import EXPONENT_BITS, MANTISSA_BITS

RATE_BITS = 36
RATE_FRACTION = 31
DISTANCE_FRACTION = 16
POWER_INDEX_BITS = 5
FRACTION_BITS = DISTANCE_FRACTION - POWER_INDEX_BITS
POWER_BITS = 16
WEIGHT_BITS = 24
SHARE_BITS = 16
COUNT_BITS = 16
NUMBER_BITS = 32
SEED_BITS = 64
TEXT_BITS = 32
POSITION_BITS = 64
CIPHER_ROUNDS = 26
CIPHER_TURNS = (8, 3)
"""Places that the words turn in a round of the cipher: the left one right, the right one left."""


def _powers() -> tuple[tuple[int, int], ...]:
    points = [round(2 ** (POWER_BITS - index / (1 << POWER_INDEX_BITS)))
              for index in range((1 << POWER_INDEX_BITS) + 1)]
    return tuple((left, left - right) for left, right in zip(points, points[1:], strict=False))


POWER_TABLE = _powers()
"""(base, slope) of ``2**POWER_BITS * 2**-x`` in equal parts of x from 0 to 1."""

_WORD = (1 << 32) - 1


@dataclass(frozen=True)
class Parameters:
    """What sampling is asked for, as machines take it.

    ``sharpness`` is a scalar (mantissa, exponent), ``share`` is from 1 to ``2**SHARE_BITS``.
    """

    sharpness: tuple[int, int]
    count: int
    share: int
    seed: int


@dataclass(frozen=True)
class Sampling:
    """How a user says it: ``temperature`` 0 takes the best candidate.

    ``top_k`` (None: all that the head returns) and then ``top_p`` narrow the candidates, best
    first. ``or_all``: a device that returns less than ``top_k`` will do. Raises `InputError` for
    values that mean nothing.
    """

    temperature: float = 0.0
    top_k: int | None = None
    top_p: float = 1.0
    seed: int = 0
    or_all: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 100:
            raise InputError(f"temperature is {self.temperature}; it must be between 0 and 100")
        if self.top_k is not None and self.top_k < 1:
            raise InputError(f"top-k is {self.top_k}; it must be at least 1")
        if not 0 < self.top_p <= 1:
            raise InputError(f"top-p is {self.top_p}; it must be above 0 and at most 1")
        if not 0 <= self.seed < 1 << SEED_BITS:
            raise InputError(f"seed is {self.seed}; it must be 0 or more, below 2**{SEED_BITS}")

    def parameters(self, available: int) -> Parameters:
        """For a device that returns so many candidates. Raises `InputError` when that is too few.
        """
        if self.top_k is not None and self.top_k > available and not self.or_all:
            raise InputError(
                f"top-k is {self.top_k}, but this device returns the {available} best; give "
                "less, or a configuration with a larger top_k")
        count = min(self.top_k or available, available)
        return Parameters(sharpness(self.temperature), count if self.temperature else 1,
                          ceil(Fraction(self.top_p) * (1 << SHARE_BITS)), self.seed)


def sharpness(temperature: float) -> tuple[int, int]:
    """``log2(e) / temperature`` as a scalar, rounded and kept in range; zero for temperature 0."""
    if not temperature:
        return 0, 0
    part, exponent = frexp(1 / log(2) / temperature)
    mantissa, exponent = round(part * (1 << MANTISSA_BITS)), exponent - MANTISSA_BITS
    if mantissa == 1 << MANTISSA_BITS:
        mantissa, exponent = mantissa >> 1, exponent + 1
    highest = (1 << EXPONENT_BITS - 1) - 1
    return (mantissa, exponent) if exponent <= highest else ((1 << MANTISSA_BITS) - 1, highest)


def rate(scale: tuple[int, int], sharpness: tuple[int, int]) -> int:
    """How fast weights fall; both are scalars (mantissa, exponent)."""
    product, shift = scale[0] * sharpness[0], scale[1] + sharpness[1] + RATE_FRACTION
    shifted = product << min(shift, RATE_BITS) if shift > 0 else product >> -shift
    return min(shifted, (1 << RATE_BITS) - 1)


def weight(difference: int, rate: int) -> int:
    """Of a candidate that is so much below the best, at most ``2**WEIGHT_BITS``."""
    distance = (difference * rate) >> (RATE_FRACTION - DISTANCE_FRACTION)
    whole = distance >> DISTANCE_FRACTION
    if whole >= WEIGHT_BITS:
        return 0
    base, slope = POWER_TABLE[distance >> FRACTION_BITS & (1 << POWER_INDEX_BITS) - 1]
    fraction = distance & (1 << FRACTION_BITS) - 1
    return (base - (slope * fraction >> FRACTION_BITS)) << WEIGHT_BITS - POWER_BITS >> whole


def kept_totals(values: Sequence[int], scale: tuple[int, int], parameters: Parameters) -> list[int]:
    """Running sums of the weights of the candidates that are kept."""
    values = values[:parameters.count]
    falls = rate(scale, parameters.sharpness)
    totals = list(accumulate(weight(values[0] - value, falls) for value in values))
    wanted = parameters.share * totals[-1]
    kept = next(place for place, total in enumerate(totals) if total << SHARE_BITS >= wanted)
    return totals[:kept + 1]


def chosen(totals: Sequence[int], number: int) -> int:
    """The place of the candidate that a random number chooses."""
    point = number * totals[-1] >> NUMBER_BITS
    return next(place for place, total in enumerate(totals) if total > point)


def choose(values: Sequence[int], scale: tuple[int, int], parameters: Parameters, text: int,
           position: int) -> int:
    """The place of the candidate that follows the first ``position`` tokens of a text."""
    return chosen(kept_totals(values, scale, parameters),
                  random_number(parameters.seed, text, position))


def probabilities(totals: Sequence[int]) -> list[Fraction]:
    """The share of all random numbers that choose each of the candidates that are kept."""
    bounds = [0, *(-(-(total << NUMBER_BITS) // totals[-1]) for total in totals)]
    return [Fraction(after - before, 1 << NUMBER_BITS)
            for before, after in zip(bounds, bounds[1:], strict=False)]


def random_number(seed: int, text: int, position: int) -> int:
    """A number of `NUMBER_BITS` bits that every machine draws there."""
    return cipher((position >> 32 & _WORD, position & _WORD),
                  (seed & _WORD, seed >> 32 & _WORD, text & _WORD))[0]


def cipher(block: tuple[int, int], key: tuple[int, int, int]) -> tuple[int, int]:
    """Speck64/96 of a block (left word, right word); the lowest word of the key comes first."""
    (left, right), (key_right, key_left, following) = block, key
    for number in range(CIPHER_ROUNDS):
        left, right = _round(left, right, key_right)
        key_left, key_right = _round(key_left, key_right, number)
        key_left, following = following, key_left
    return left, right


def _round(left: int, right: int, key: int) -> tuple[int, int]:
    down, up = CIPHER_TURNS
    left = ((left >> down | left << 32 - down) + right & _WORD) ^ key
    return left, (right << up | right >> 32 - up) & _WORD ^ left
