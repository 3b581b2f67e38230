"""Texts of an image file alone, without its model."""

from __future__ import annotations

from pathlib import Path

from sterna.families.common import Saved, Timeout
from sterna.families.requests import RunRequest
from sterna.families.saved import Going, Named
from sterna.families.tokens.image import text_of
from sterna.families.tokens.options import Prompt, PromptFile, Prompts, Texts
from sterna.families.tokens.texts import RunResult, continue_texts
from sterna.host.open_board import open_board
from sterna.host.token_board import TokenBoard
from sterna.machine.image import MemoryImage
from sterna.options import Group
from sterna.progress import Report

GROUPS: tuple[type[Group], ...] = (Prompt, PromptFile, Prompts, Texts, Saved)


def run_image(path: Path, image: MemoryImage, request: RunRequest, report: Report) -> RunResult:
    """Continue prompts on a board that is loaded with the image."""
    assert image.host is not None
    way, timeout = text_of(path, image.host), request.options.take(Timeout).timeout
    return continue_texts(
        image.model, lambda: open_board(TokenBoard, request.device, image, report, timeout),
        way.tokenizer, way.generation, request.options, report,
        Going.of(request.options, [path]), Named.image(image))
