"""How well the integers do, beside the float reference."""

from __future__ import annotations

from sterna.families.family import Result
from sterna.families.requests import EvaluateRequest
from sterna.progress import Report
from sterna.tasks.perform import perform


def evaluate(request: EvaluateRequest, report: Report | None = None) -> Result:
    """The result of the model's family. Raises `InputError`."""
    return perform(request, report)
