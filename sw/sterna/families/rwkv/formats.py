"""Number formats of a lowered RWKV: fraction bits, planes, digits and shifts."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from math import ceil, log2
from typing import ClassVar, Self

from sterna.errors import InputError
from sterna.families.layers.codes import MOST_DIGITS
from sterna.families.layers.norm import GAIN_FRACTION
from sterna.families.layers.tables import WORD_BITS
from sterna.families.layers.weights import CLIPS, UNCLIPPED
from sterna.law.arithmetic import CODE_LIMIT, MAX_DELIVERY_SHIFT, SHIFT_STEP
from sterna.law.planes import plane_limit
from sterna.machine.units.ternary import MOST_PLANES
from sterna.reading import parse_json

HEAD = "head"
DEFAULT_PLANES = 5
"""A byte a weight."""
HEADROOM = 2.0
"""Times by which a value may exceed the largest seen before it saturates."""
USUAL_REACH, MOST_REACH = 16.0, 2.0**20
WORD_LIMIT = (1 << (WORD_BITS - 1)) - 1
SQUARE_SHIFT = 16
"""Of squares of inner channels."""


@dataclass(frozen=True, kw_only=True)
class Formats(ABC):
    """Fraction bits of values in words of 18 bits; of each matrix its planes, the digits of the
    codes that it takes, and the shift of its sums. Raises `InputError` for what means nothing."""

    names: ClassVar[tuple[str, ...]] = (HEAD,)
    """Matrices of the program."""
    shared: ClassVar[tuple[str, ...]] = ()
    """Matrices that take the same codes as others, of one digit."""
    limits: ClassVar[Mapping[str, tuple[int, int]]] = {}
    """The least and the most of fields of other limits than 0 and all bits of a word."""

    residual_fraction: int = 10
    normed_fraction: int = 11
    """Behind a norm, and so of what is mixed of two tokens."""
    gain_fraction: int = GAIN_FRACTION
    planes: dict[str, int] = field(default_factory=dict)
    digits: dict[str, int] = field(default_factory=dict)
    reaches: dict[str, float] = field(default_factory=dict)
    """By matrix: the most that was seen of a result over the largest weight of its row and the
    largest of its inputs."""

    def __post_init__(self) -> None:
        for name, usual in (("planes", DEFAULT_PLANES), ("digits", 1), ("reaches", USUAL_REACH)):
            given = getattr(self, name)
            if not isinstance(given, dict) or given.keys() - set(self.names):
                raise InputError(f"formats: {name} must be numbers of {', '.join(self.names)}")
            object.__setattr__(self, name, dict.fromkeys(self.names, usual) | given)
        for name in self.names:
            _check("planes", self.planes[name], 1, MOST_PLANES)
            _check("digits", self.digits[name], 1, MOST_DIGITS)
            reach = self.reaches[name]
            if isinstance(reach, bool) or not isinstance(reach, int | float) or not (
                    0 <= reach <= MOST_REACH):
                raise InputError(f"formats: reaches holds {reach!r}; it must be a number from 0 to "
                                 f"{MOST_REACH}")
        for name in (item.name for item in fields(self) if item.name.endswith("_fraction")):
            _check(name, getattr(self, name), *self.limits.get(name, (0, WORD_BITS - 1)))
        if self.gain_fraction % SHIFT_STEP:
            raise InputError(f"formats: gain_fraction must be a multiple of {SHIFT_STEP}")
        for name in (HEAD, *self.shared):
            if self.digits[name] != 1:
                raise InputError(f"formats: the codes of {name} have one digit")

    def shift(self, name: str) -> int:
        """Of the sums of a matrix, so that a word holds `HEADROOM` times what was seen.

        Those of one plane are delivered as they are.
        """
        planes = self.planes[name]
        if planes == 1:
            return 0
        # Rows whose largest weights are clipped have larger sums.
        clipped = 1 / min(CLIPS) if planes < UNCLIPPED else 1
        largest = HEADROOM * self.reaches[name] * CODE_LIMIT * plane_limit(planes) * clipped
        steps = ceil(log2(max(largest / WORD_LIMIT, 1)) / SHIFT_STEP)
        return min(steps * SHIFT_STEP, MAX_DELIVERY_SHIFT)

    @abstractmethod
    def source_fraction(self, name: str) -> int:
        """Of what the codes of a matrix are made of."""

    @abstractmethod
    def result_fraction(self, name: str) -> int:
        """Of what a matrix gives; the head gives real logits."""

    def with_planes(self, planes: int, *names: str) -> Self:
        """The same, with so many planes of these matrices, or of every one."""
        return replace(self, planes=self.planes | dict.fromkeys(names or self.names, planes))

    def summary(self) -> str:
        """In words."""
        fractions = ", ".join(
            f"{item.name.removesuffix('_fraction')} {getattr(self, item.name)}"
            for item in fields(self) if item.name.endswith("_fraction"))
        wide = [name for name, digits in self.digits.items() if digits > 1]
        return (f"planes {told(self.planes)}; words of {WORD_BITS} bits, of fraction: {fractions}"
                + (f"; codes of two digits for {', '.join(wide)}" if wide else ""))

    def to_json(self) -> str:
        """As formats.json holds them."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; raises `InputError` when it is not that."""
        try:
            return cls(**parse_json(text, "formats"))
        except TypeError as error:
            raise InputError(f"formats: not readable: {error}") from None


def told(planes: dict[str, int]) -> str:
    """One number, or those of each matrix."""
    numbers = set(planes.values())
    if len(numbers) == 1:
        return str(numbers.pop())
    return ", ".join(f"{name} {count}" for name, count in planes.items())


def _check(name: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InputError(f"formats: {name} holds {value!r}; it must be a whole number from "
                         f"{least} to {most}")
