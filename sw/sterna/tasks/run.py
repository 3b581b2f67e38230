"""A model continues texts, or takes steps, on any device."""

from __future__ import annotations

from sterna.families.family import Result
from sterna.families.requests import RunRequest
from sterna.progress import Report
from sterna.tasks.perform import perform


def run(request: RunRequest, report: Report | None = None) -> Result:
    """The result of the model's family, or of an image file alone.

    Raises `InputError`, and `LinkError` of a board.
    """
    if request.model is None and "image" in request.options:
        from sterna.families.images import run_image

        return run_image(request, report or Report())
    return perform(request, report)
