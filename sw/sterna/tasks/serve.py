"""A model that writes, for many clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from sterna.families.requests import ServeRequest
from sterna.progress import Report
from sterna.serve.service import Service
from sterna.tasks.perform import opened


@contextmanager
def serve(request: ServeRequest, report: Report | None = None) -> Iterator[Service]:
    """What is served while the context lasts. Raises `InputError`, `LinkError` of a board."""
    report = report or Report()
    with opened(request, report) as model, closing(model.served(request, report)) as service:
        yield service
