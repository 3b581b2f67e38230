"""What a sweep varies: options by name, with the values that each may have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from sterna.errors import InputError
from sterna.families.requests import SweepRequest
from sterna.numerals import real, whole
from sterna.options import Declared, declared
from sterna.suggest import did_you_mean

BOARD, SEED = "board", "seed"
"""What may vary beside options of the family: seeds are those of placements."""
_SWITCH = {"yes": True, "no": False, "true": True, "false": False, "on": True, "off": False}
_EXAMPLE = "give it as NAME=VALUE,VALUE, such as rows=4,8,16"

Values = dict[str, Any]
"""A configuration: a value by the name of each axis."""


@dataclass(frozen=True)
class Axes:
    """Names with their values; numbers are in order, so that a search knows what is near."""

    values: Mapping[str, tuple[Any, ...]]

    @property
    def count(self) -> int:
        """Configurations that there are."""
        return prod(map(len, self.values.values()))

    def grid(self) -> Iterator[Values]:
        """All of them; the last axis turns fastest."""
        return (dict(zip(self.values, point, strict=True))
                for point in product(*self.values.values()))

    def has(self, point: Mapping[str, Any]) -> bool:
        """Whether it is one of them."""
        return point.keys() == self.values.keys() and all(
            (type(value), value) in ((type(one), one) for one in self.values[name])
            for name, value in point.items())

    def at(self, places: Iterable[int]) -> Values:
        """The configuration with the value at a place of each axis."""
        return {name: values[place]
                for (name, values), place in zip(self.values.items(), places, strict=True)}

    def places(self, point: Values) -> list[int]:
        """Where the values of a configuration stand."""
        return [values.index(point[name]) for name, values in self.values.items()]


def axes_of(request: SweepRequest, read: Sequence[Declared],
            usual: Mapping[str, Sequence[Any]]) -> Axes:
    """Those of ``--vary``, or the ``usual`` ones but for what is fixed by an option.

    ``read`` are the options that this sweep has. Raises `InputError` naming the option that there
    is not, that is fixed too, or that cannot have a value.
    """
    known = {item.flag.removeprefix("--"): item for item in read}
    found: dict[str, tuple[Any, ...]] = {}
    for text in request.vary or ():
        name, equals, words = text.partition("=")
        name = name.strip().removeprefix("--").replace("_", "-")
        if not equals or not words.strip():
            raise InputError(f"--vary: {text!r} has no values; {_EXAMPLE}")
        if not name:
            raise InputError(f"--vary: {text!r} names no option; {_EXAMPLE}")
        if name not in (BOARD, SEED) and name not in known:
            raise InputError(f"--vary: {name}: no such option"
                             f"{did_you_mean(name, [*known, BOARD, SEED])}")
        item = known.get(name)
        key = name if item is None else item.name
        if key in request.options:
            raise InputError(f"--{name}: is varied too; leave one of both out")
        if key in found:
            raise InputError(f"--vary: {name} is there twice; give all its values at once")
        if key == SEED and not request.build:
            raise InputError("--vary: seed is that of a placement; give --build")
        values = dict.fromkeys(_value(name, item, word.strip()) for word in words.split(","))
        numbers = sorted(value for value in values if not isinstance(value, str))
        found[key] = (*numbers, *(value for value in values if isinstance(value, str)))
    if not found:
        found = {name: tuple(values) for name, values in usual.items()
                 if name not in request.options}
    return Axes(found)


def _value(name: str, item: Declared | None, word: str) -> Any:
    """A word as the option takes it."""
    if name == SEED:
        seed = whole(word)
        if seed is None or not 1 <= seed <= 1 << 31:
            raise InputError(f"--vary: seed {word!r} is no whole number from 1 on")
        return seed
    if item is None:
        return word
    if item.is_switch:
        if word.lower() not in _SWITCH:
            raise InputError(f"--vary: {name} is {word!r}; it must be yes or no")
        return _SWITCH[word.lower()]
    choices = item.declaration.choices
    if choices and word not in choices:
        raise InputError(f"--vary: {name} is {word!r}; it must be {', '.join(choices)}"
                         f"{did_you_mean(word, choices)}")
    if item.number is None or word in item.declaration.words:
        item.check(word)
        return word
    number = (whole if item.number is int else real)(word)
    if number is None:
        kind = "a whole number" if item.number is int else "a number"
        raise InputError(f"--vary: {name} is {word!r}, which is not {kind}")
    item.check(number)
    return number


def read_options(groups: Iterable[type]) -> list[Declared]:
    """The options of groups that may vary: no files."""
    found = {item.name: item for group in groups for item in declared(group) if not item.is_path}
    return [*found.values()]
