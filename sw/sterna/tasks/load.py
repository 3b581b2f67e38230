"""A model that stays open on a device."""

from __future__ import annotations

from typing import Any

from sterna.families.loaded import Loaded
from sterna.families.requests import LoadRequest
from sterna.progress import Reports, silent
from sterna.tasks.perform import family_for


def load(request: LoadRequest, reports: Reports = silent) -> Loaded:
    """What the model's family has for it; ``reports`` hear of each piece of work.

    Raises `InputError` for a model or a device that is none.
    """
    with reports() as report:
        model: Any = family_for(request).open(request, report)
        return model.load(request, reports)
