"""A conversation with a model that writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from sterna.chat.session import Session
from sterna.families.requests import ChatRequest
from sterna.progress import Report
from sterna.tasks.perform import opened


@contextmanager
def chat(request: ChatRequest, report: Report | None = None) -> Iterator[Session]:
    """The conversation while the context lasts. Raises `InputError`, `LinkError` of a board."""
    report = report or Report()
    with opened(request, report) as model, closing(model.converse(request, report)) as session:
        yield session
