"""The way of every task: from a request to the family's model, options checked before the work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sterna.families.family import Family, Result
from sterna.families.registry import find_family, options_of
from sterna.families.requests import Request
from sterna.progress import Report


def family_for(request: Request) -> Family:
    """The family that takes the request, all of which is read.

    Raises `InputError` for a model of none, values that none takes, an option that nobody reads,
    and a file that is not there.
    """
    request.check()
    family = find_family(request)
    request.options.check(family.reading(request), options_of(request.command),
                          request.model or family.plural)
    return family


@contextmanager
def opened(request: Request, report: Report) -> Iterator[Any]:
    """The model of a request; it is closed afterwards."""
    model = family_for(request).open(request, report)
    try:
        yield model
    finally:
        model.close()


def perform(request: Request, report: Report | None = None) -> Result:
    """What the model's method of the request's command finds."""
    report = report or Report()
    with opened(request, report) as model:
        method = {"eval": "evaluate"}.get(request.command, request.command)
        return getattr(model, method)(request, report)
