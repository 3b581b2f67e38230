"""What a model computes, as the program that every machine runs."""

from __future__ import annotations

from sterna.families.family import Result
from sterna.families.requests import ProgramRequest
from sterna.progress import Report
from sterna.tasks.perform import perform


def program(request: ProgramRequest, report: Report | None = None) -> Result:
    """The result of the model's family. Raises `InputError`."""
    return perform(request, report)
