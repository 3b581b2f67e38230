"""Cycles, utilisation and speed, and whether every result is the golden's."""

from __future__ import annotations

from sterna.families.family import Result
from sterna.families.requests import BenchRequest
from sterna.progress import Report
from sterna.tasks.perform import perform


def bench(request: BenchRequest, report: Report | None = None) -> Result:
    """The result of the model's family. Raises `InputError`, and `LinkError` of a board."""
    return perform(request, report)
