"""What a model takes of a board, and how fast it runs there."""

from __future__ import annotations

from sterna.families.family import Result
from sterna.families.requests import EstimateRequest
from sterna.progress import Report
from sterna.tasks.perform import perform


def estimate(request: EstimateRequest, report: Report | None = None) -> Result:
    """The result of the model's family. Raises `InputError`."""
    return perform(request, report)
