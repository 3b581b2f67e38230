"""Runs what an image file holds, by the use that the file names; nothing else of the model."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from sterna.errors import InputError
from sterna.families import common
from sterna.families.family import Result
from sterna.families.registry import groups_of, options_of
from sterna.families.requests import RunRequest
from sterna.families.steps import run_image as steps
from sterna.families.tokens import run_image as tokens
from sterna.host.address import check_image_address
from sterna.machine.host_side import STEPS, TEXT, HostSide
from sterna.machine.image import MemoryImage
from sterna.options import Reading
from sterna.progress import Report

USES: dict[str, ModuleType] = {TEXT: tokens, STEPS: steps}
"""What runs an image, by its use: each has the groups of options that it reads."""


def run_image(request: RunRequest, report: Report) -> Result:
    """Load a board with the image, and run it. Raises `InputError`, and `LinkError` of a board."""
    path = request.options.take(common.Image).image
    assert path is not None
    check_image_address(request.device)
    image, side = load_runnable(path)
    use = USES[side.use]
    read = (common.Image, common.Timeout, *use.GROUPS)
    what = f"the image of {image.model}"
    unread = {group: f"has no meaning for {what}" for _, group in groups_of(request.command)
              if group not in read}
    request.options.check(Reading(read, unread), options_of(request.command), what)
    return use.run_image(path, image, request, report)


def load_runnable(path: Path) -> tuple[MemoryImage, HostSide]:
    """An image file and what the host needs to run it. Raises `InputError` when that is not in it.
    """
    image = MemoryImage.load(path)
    if image.host is None:
        raise InputError(f"{path}: the model has no tokenizer.json, so its image takes no text; "
                         "import the model again with one, and make the image again")
    if image.host.use not in USES:
        raise InputError(f"{path}: made by another version of Sterna; make the image again")
    return image, image.host
