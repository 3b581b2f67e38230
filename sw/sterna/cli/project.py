"""`sterna.toml` in the folder where a command runs: what its options are unless they are given.

An option says itself where it stands in the file (`sterna.options.Declaration.project`). A command
takes what it reads; what no command could read is refused.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sterna.errors import InputError
from sterna.families.registry import options_of
from sterna.families.requests import Request
from sterna.options import Declared, declared
from sterna.reading import read_bytes
from sterna.suggest import did_you_mean

NAME = "sterna.toml"
MOST_BYTES = 1 << 20


class Project:
    """Values by their places, ``table.key``; none where there is no file."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = values
        self._taken: list[str] = []

    @classmethod
    def of(cls, requests: Iterable[type[Request]]) -> Project:
        """The file of this folder, as these requests and their families know it.

        Raises `InputError` for one that is none, for a key that is the place of no option, and for
        a value that none of those can have.
        """
        if not os.path.lexists(NAME):
            return cls({})
        try:
            found = tomllib.loads(read_bytes(NAME, MOST_BYTES).decode())
        except (ValueError, RecursionError) as error:  # of long numbers it is not tomllib's own
            raise InputError(f"{NAME}: is no TOML ({' '.join(str(error).split())})") from None
        places: dict[str, list[Declared]] = {}
        for item in (item for request in requests
                     for item in (*declared(request), *options_of(request.command))):
            if item.declaration.project is not None:
                places.setdefault(item.declaration.project, []).append(item)
        values = _flat(found, {place.partition(".")[0] for place in places if "." in place})
        for place, value in values.items():
            if place not in places:
                raise InputError(f"{NAME}: {place} is no key{_near(place, places)}")
            faults = [_fault(item, value) for item in places[place]]
            if None not in faults:
                raise InputError(f"{NAME}: {place}: {faults[0]}")
        return cls(values)

    def take(self, options: Iterable[Declared]) -> dict[str, Any]:
        """Values of these options, by their names."""
        values: dict[str, Any] = {}
        for item in options:
            place = item.declaration.project
            if place is not None and place in self.values:
                values[item.name] = _value(item, self.values[place])
                self._taken.append(place)
        return values

    @contextmanager
    def told(self) -> Iterator[None]:
        """What was taken, behind the line of an input error."""
        try:
            yield
        except InputError as error:
            if not self._taken:
                raise
            names = ", ".join(dict.fromkeys(self._taken))
            raise InputError(f"{error} ({NAME} gives {names})") from None


def _flat(found: Mapping[str, Any], tables: Iterable[str]) -> dict[str, object]:
    """Keys of these tables as ``table.key``."""
    values: dict[str, object] = {}
    for key, value in found.items():
        if key in tables and isinstance(value, dict):
            values |= {f"{key}.{inner}": item for inner, item in value.items()}
        else:
            values[key] = value
    return values


def _near(place: str, places: Iterable[str]) -> str:
    """One that may be meant, else all."""
    ends = {known.rpartition(".")[2]: known for known in places}
    near = did_you_mean(place, places) or did_you_mean(place.rpartition(".")[2], ends)
    for end, known in ends.items():
        near = near.replace(f"mean {end}?", f"mean {known}?")
    return near or f"; there are {', '.join(sorted(places))}"


def _value(item: Declared, value: object) -> object:
    """A number where the option is a word that may be one."""
    if item.number is None and not item.is_switch and type(value) is int:
        return str(value)
    return value


def _fault(item: Declared, value: object) -> str | None:
    """What is wrong with a value, as the option sees it."""
    value = _value(item, value)
    if item.number is None and type(value) is not (bool if item.is_switch else str):
        kind = "true or false" if item.is_switch else "a text"
        return f"is {value!r}; it must be {kind}"
    try:
        item.check(value)
    except InputError as error:
        return str(error)
    return None
