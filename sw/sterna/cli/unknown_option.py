"""The lines of typer's errors; an option that there is not is told with the one that was meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sterna.errors import InputError
from sterna.families.family import Family
from sterna.families.registry import family_of, options_of
from sterna.options import declared
from sterna.suggest import did_you_mean, nearest


def told(error: BaseException, arguments: Sequence[str]) -> str | None:
    """The line of an error of typer's, None for another error."""
    message = getattr(error, "format_message", None)
    if message is None:
        return None
    name, near = getattr(error, "option_name", None), getattr(error, "possibilities", None)
    if isinstance(name, str) and near:
        return f"No such option: {name}{_meant(name, near, arguments)}"
    return message()


def _meant(name: str, near: Iterable[str], arguments: Sequence[str]) -> str:
    """The option, or whom it is for if that is not the model of the command."""
    command, *words = arguments
    model = next((word for word in words if not word.startswith("-")), "")
    family, flag = _family(model), nearest(name, near)
    owners = [item.owner for item in options_of(command) if item.flag == flag]
    if not owners or family is None or flag in _flags(family, command):
        return did_you_mean(name, near)
    return f"; {flag} is for {' and '.join(dict.fromkeys(owners))}, not for {model}"


def _family(model: str) -> Family | None:
    try:
        return family_of(model)
    except InputError:
        return None


def _flags(family: Family, command: str) -> set[str]:
    return {item.flag for group in family.options.get(command, ()) for item in declared(group)}
