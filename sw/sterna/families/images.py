"""Runs what an image file holds, by the use that the file names; nothing else of the model."""

from __future__ import annotations

from types import ModuleType

from sterna.errors import InputError
from sterna.families import common
from sterna.families.family import Result
from sterna.families.registry import options_of
from sterna.families.requests import RunRequest
from sterna.families.steps import run_image as steps
from sterna.families.tokens import run_image as tokens
from sterna.machine.host_side import STEPS, TEXT
from sterna.options import Reading
from sterna.progress import Report
from sterna.tasks.run_image import load_runnable
from sterna.tasks.transports import check_image_address

USES: dict[str, ModuleType] = {TEXT: tokens, STEPS: steps}
"""What runs an image, by its use: each has the groups of options that it reads."""


def run_image(request: RunRequest, report: Report) -> Result:
    """Load a board with the image, and run it. Raises `InputError`, and `LinkError` of a board."""
    path = request.options.take(common.Image).image
    assert path is not None
    check_image_address(request.device)
    if not path.is_file():
        raise InputError(f"{path}: file not found")
    image, side = load_runnable(path)
    use = USES[side.use]
    reading = Reading((common.Image, common.Timeout, *use.GROUPS))
    request.options.check(reading, options_of(request.command), f"the image of {image.model}")
    return use.run_image(path, image, request, report)
