"""Options, declared by who reads them: families, machines, boards and tasks.

A group of options is a frozen dataclass whose fields are made by `option`. What a user gave is an
`Options`; whoever declares a group takes it from there. Before a task begins, `Options.check`
refuses what was given and nobody reads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from math import nan
from numbers import Integral, Real
from pathlib import Path
from types import NoneType
from typing import Any, ClassVar, Protocol, TypeVar, get_args, get_type_hints

from sterna.errors import InputError
from sterna.reading import require_file
from sterna.suggest import did_you_mean

_KEY = "option"
MOST_SEED = (1 << 63) - 1
"""Of every generator of random numbers here."""


@dataclass(frozen=True)
class Declaration:
    """What is known of an option beside its type and its usual value."""

    help: str
    flags: tuple[str, ...] = ()
    """``--name`` of the field if none is given; of a switch also ``--name/--no-name``."""
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    """Words that it may be, for help and completion; who reads it refuses others."""
    least: float | None = None
    most: float | None = None
    """Bounds of a number; every option of Sterna's own that is one has them."""
    words: tuple[str, ...] = ()
    """Words that a number may be, too."""
    above: bool = False
    """Whether `least` itself is too little."""
    reads: bool = False
    """Whether it names a file that must be there."""
    or_standard_input: bool = False
    """Whether it may be ``-``, too."""
    or_folder: bool = False
    for_model: bool = False
    """Whether it may stand in place of MODEL."""
    beside_model: bool = False
    """Whether it may be given beside MODEL all the same."""
    project: str | None = None
    """Where the project file has it, as ``table.key``, if it may stand there."""
    values: tuple[str, ...] = ()
    """In place of MODEL: those that name a model of the family that declares it; none for all."""
    position: bool = False
    """Whether it is an argument, which has no name."""
    needed: bool = False
    refuse: Callable[[str], object] | None = None
    """Raises `InputError` for a word that it cannot be."""


def option(default: Any, help: str, *flags: str, **more: Any) -> Any:
    """A field of a group; arguments as `Declaration` has them."""
    return field(default=default, metadata={_KEY: Declaration(help, flags, **more)})


def seed(help: str) -> int:
    """A field for the seed of random numbers."""
    return option(0, help, least=0, most=MOST_SEED)


class Group(Protocol):
    """A dataclass of options."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


@dataclass(frozen=True)
class Declared:
    """An option of a group."""

    name: str
    type: Any
    default: Any
    declaration: Declaration
    owner: str
    """Whom it is for, where the group says so; else the family that declares it knows."""

    @property
    def flag(self) -> str:
        """The name that messages use."""
        flags = [flag for flag in self.declaration.flags if flag.startswith("--")]
        return flags[0].partition("/")[0] if flags else "--" + self.name.replace("_", "-")

    @property
    def number(self) -> type[int] | type[float] | None:
        """What kind of number it is, if it is one."""
        kinds = [kind for kind in (self.type, *get_args(self.type)) if kind in (int, float)]
        return kinds[0] if kinds else None

    def check(self, value: object) -> None:
        """Raise `InputError` for a number that is none or out of bounds, naming the option, for
        what is no file although it must be read, and for a word that is `Declaration.refuse`d."""
        about, name = self.declaration, self.flag.removeprefix("--")
        if value is None:
            return
        if about.reads and not (about.or_standard_input and str(value) == "-"
                                or about.or_folder and os.path.isdir(str(value))):
            require_file(Path(str(value)))
        if about.refuse is not None:
            about.refuse(str(value))
        if self.number is None or value in about.words:
            return
        wanted: Any = Integral if self.number is int else Real
        least = -MOST_SEED if about.least is None else about.least
        most = MOST_SEED if about.most is None else about.most
        given: Any = value if isinstance(value, wanted) and not isinstance(value, bool) else nan
        if least <= given <= most and not (about.above and given == least):
            return
        kind = "a whole number " if self.number is int else ""
        low = f"above {_plain(least)}, up to" if about.above else f"from {_plain(least)} to"
        words = "".join(f", or {word}" for word in about.words)
        raise InputError(f"{name} is {value}; it must be {kind}{low} {_plain(most)}{words}")

    @property
    def is_switch(self) -> bool:
        """Whether it is on or off."""
        return bool in (self.type, *get_args(self.type))

    @property
    def is_path(self) -> bool:
        """Whether it names a file or folder."""
        return self.type is Path or Path in get_args(self.type)


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else f"{number:g}"


@cache
def declared(group: type[Group]) -> tuple[Declared, ...]:
    """The options of a group, in the order of their fields."""
    types = get_type_hints(group)
    return tuple(
        Declared(item.name, types[item.name], item.default, item.metadata[_KEY],
                 getattr(group, "owner", ""))
        for item in fields(group) if _KEY in item.metadata)


def optional(kind: Any) -> Any:
    """The type that also takes None."""
    return kind if NoneType in get_args(kind) else kind | None


@dataclass(frozen=True)
class Reading:
    """Which groups a task reads this time, and of others why it does not, as ``is for …``."""

    groups: tuple[type[Group], ...]
    unread: Mapping[type[Group], str] = field(default_factory=dict)

    def why_not(self, name: str) -> str | None:
        """The reasons that the option of this name is not read, one for each group that has it."""
        reasons = dict.fromkeys(reason for group, reason in self.unread.items()
                                if any(item.name == name for item in declared(group)))
        return ", and ".join(reasons) or None


_Group = TypeVar("_Group", bound=Group)


class Options:
    """What was given of the options of families, machines and boards, by name."""

    def __init__(self, **given: object) -> None:
        self._given = {name: value for name, value in given.items() if value not in (None, [])}

    def __repr__(self) -> str:
        return f"Options({', '.join(f'{key}={value!r}' for key, value in self._given.items())})"

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def __getitem__(self, name: str) -> object:
        return self._given[name]

    def to_dict(self) -> dict[str, object]:
        """Values by name."""
        return dict(self._given)

    def take(self, group: type[_Group]) -> _Group:
        """The group, with usual values for what was not given."""
        names = {item.name for item in declared(group)}
        return group(**{name: value for name, value in self._given.items() if name in names})

    def given(self, *groups: type[Group]) -> list[str]:
        """The flags of what was given of some groups."""
        return [item.flag for group in groups for item in declared(group)
                if item.name in self._given]

    def check(self, reading: Reading, known: Iterable[Declared], subject: str) -> None:
        """Require that all that was given is read, numbers within bounds, and files there.

        ``known`` are the options that the task has, ``subject`` is what they were given for. Raises
        `InputError` naming the option, and whom it is for.
        """
        read = {item.name: item for group in reading.groups for item in declared(group)}
        owners: dict[str, list[Declared]] = {}
        for item in known:
            owners.setdefault(item.name, []).append(item)
        for name, value in self._given.items():
            if name not in read:
                if name not in owners:
                    raise InputError(f"{name}: no such option{did_you_mean(name, owners)}")
                whom = " and ".join(dict.fromkeys(item.owner for item in owners[name]))
                reason = reading.why_not(name) or f"is for {whom}, not for {subject}"
                raise InputError(f"{owners[name][0].flag}: {reason}")
            read[name].check(value)
