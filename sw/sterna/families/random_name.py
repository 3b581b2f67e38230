"""Random models by name: ``random:family=NAME,hidden=64``, whole numbers behind the family."""

from __future__ import annotations

from collections.abc import Mapping

from sterna.errors import InputError
from sterna.numerals import whole
from sterna.suggest import did_you_mean

RANDOM = "random:"
FAMILY = "family"


def random_family(model: str) -> str | None:
    """The family that a random model's name says; empty where it says none, None for another."""
    if not model.startswith(RANDOM):
        return None
    parts = (part.partition("=") for part in model.removeprefix(RANDOM).split(","))
    return next((value for name, _, value in parts if name == FAMILY), "")


def form(defaults: Mapping[str, int], family: str = "") -> str:
    """How a family's random models are named, with the usual values."""
    first = [f"{FAMILY}={family}"] if family else []
    return RANDOM + ",".join([*first, *(f"{name}={value}" for name, value in defaults.items())])


def settings(text: str, defaults: Mapping[str, int]) -> dict[str, int]:
    """What a name says, with usual values for the rest.

    Raises `InputError` naming what is no setting.
    """
    values = dict(defaults)
    for part in filter(None, text.removeprefix(RANDOM).split(",")):
        name, _, number = part.partition("=")
        if name == FAMILY:
            continue
        value = whole(number)
        if name not in values or value is None or value < 0:
            raise InputError(
                f"{text}: {part!r} is not a setting; give whole numbers for {', '.join(defaults)}"
                f"{did_you_mean(name, defaults)}")
        values[name] = value
    return values
