"""Commands made of declared options: the request's own, and those of every family."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, get_args

import typer

from sterna.cli.completion import words
from sterna.cli.help import panel
from sterna.cli.project import Project
from sterna.errors import InputError
from sterna.families.registry import find_family, options_of
from sterna.families.requests import Request
from sterna.numerals import real, whole
from sterna.options import Declared, Options, declared, optional

_Request = TypeVar("_Request", bound=Request)
_Value = TypeVar("_Value")


def command(request: type[_Request], perform: Callable[[_Request], None],
            project_here: Callable[[], Project]) -> Callable[..., None]:
    """A function that typer makes a command of: it fills a request and hands it on.

    Options without a value are left out, so that a request knows what was given.
    """
    own = {item.name: item for item in declared(request)}
    others = merged(item for item in options_of(request.command) if item.name not in own)

    def run(**values: Any) -> None:
        given = {name: value for name, value in values.items() if value not in (None, [])}
        project = project_here()
        with project.told():
            perform(_asked(request, given, project))

    run.__doc__ = request.__doc__
    run.__name__ = request.command
    parameters = [_parameter(item, panel(item, item.name in own))
                  for item in (*own.values(), *others.values())]
    run.__signature__ = inspect.Signature(parameters)
    run.__annotations__ = {item.name: item.annotation for item in parameters}
    return run


def _asked(kind: type[_Request], given: Mapping[str, Any], project: Project) -> _Request:
    """The request: what was given, and what the project says of that which is read then."""
    own = {item.name: item for item in declared(kind)}
    values = {name: value for name, value in given.items() if name in own}
    options = {name: value for name, value in given.items() if name not in own}
    instead = any(item.declaration.for_model and item.name in options
                  for item in options_of(kind.command))
    values = project.take(item for item in own.values() if item.name not in values
                           and not (instead and item.declaration.position)) | values
    for item in own.values():
        if item.declaration.needed and item.name not in values:
            name = f"argument '{item.declaration.metavar}'" if item.declaration.position else (
                f"option '{item.flag}'")
            raise InputError(f"Missing {name}")
    request = kind(**values, options=Options(**options))
    if project.values:
        request.check()
        reading = find_family(request).reading(request)
        options = project.take(item for group in reading.groups for item in declared(group)
                               if item.name not in options and item.name not in own) | options
    return kind(**values, options=Options(**options))


def merged(options: Iterable[Declared]) -> dict[str, Declared]:
    """Options by name; of several of one name a single one that says what all of them say."""
    several: dict[str, list[Declared]] = {}
    for item in options:
        several.setdefault(item.name, []).append(item)
    owners = {item.owner for items in several.values() for item in items}
    return {name: _one(items, len(owners) > 1) for name, items in several.items()}


def _one(items: list[Declared], several: bool) -> Declared:
    """One for all; whom it is for stands in its help unless the group of the help says it."""
    alone = len({item.owner for item in items}) == 1
    found = replace(items[0], owner=items[0].owner if alone else "")
    told = alone and panel(found, own=False).endswith(found.owner)
    return replace(found, declaration=replace(
        found.declaration, help=_help(items, several and not told)))


def _help(items: list[Declared], several: bool) -> str:
    """What all say, each with whom it is for unless there is no other."""
    told: dict[str, list[str]] = {}
    for item in items:
        owners = told.setdefault(item.declaration.help, [])
        if item.owner not in owners:
            owners.append(item.owner)
    if not several or (len(told) == 1 and len(items) > 1):
        return " ".join(told)
    sentences = []
    for text, owners in told.items():
        whom = " and ".join(owners)
        sentences.append(f"{whom[:1].upper()}{whom[1:]}: {_continued(text)}")
    return " ".join(sentences)


def _continued(text: str) -> str:
    """A sentence behind a colon; names such as UTF-8 stay as they are."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _whole(text: str) -> int:
    """Of a number that is one already, which typer hands on too, the same."""
    return _number(whole(str(text)), f"{text!r} is not a whole number, such as 1000")


def _real(text: str) -> float:
    return _number(real(str(text)), f"{text!r} is not a number, such as 1000 or 2.5e-3")


def _number(value: _Value | None, message: str) -> _Value:
    if value is None:
        raise typer.BadParameter(message)
    return value


_PARSERS: dict[type | None, Callable[[str], Any]] = {int: _whole, float: _real}


def _parser(item: Declared) -> Callable[[str], Any] | None:
    """Of a number, or of one of the words that it may be, too."""
    number, words = _PARSERS.get(item.number), item.declaration.words
    if number is None or not words:
        return number

    def parse(text: str) -> Any:
        try:
            return text if text in words else number(text)
        except typer.BadParameter as error:
            raise typer.BadParameter(f"{error.message}, nor {' or '.join(words)}") from None

    return parse


def _metavar(item: Declared) -> str | None:
    if item.number is not None:
        kind = "INTEGER" if item.number is int else "NUMBER"
        return "|".join((kind, *item.declaration.words))
    if bool in (item.type, *get_args(item.type)):
        return None
    if item.declaration.choices:
        return "|".join(item.declaration.choices)
    return "PATH" if item.is_path else "TEXT"


def _parameter(item: Declared, group: str) -> inspect.Parameter:
    """As typer takes it. Usual values are the groups' own, so that what is given is known."""
    about = item.declaration
    default = ... if about.needed and about.project is None else None
    if about.position:
        info = typer.Argument(default, metavar=about.metavar, help=about.help,
                              autocompletion=words(item), rich_help_panel=group)
    else:
        flags = about.flags or (item.flag,)
        info = typer.Option(default, *flags, metavar=about.metavar or _metavar(item),
                            help=about.help, parser=_parser(item),
                            autocompletion=words(item), rich_help_panel=group)
    # What a parser gives is taken as it is, so that a number may be a word.
    kind = item.number if item.number and item.declaration.words else item.type
    kind = kind if default is ... else optional(kind)
    return inspect.Parameter(item.name, inspect.Parameter.KEYWORD_ONLY, default=info,
                             annotation=kind)
