"""A model continues prompts, on any device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.families.requests import RunRequest
from sterna.families.saved import Going, Named
from sterna.families.tokens.opened import open_for
from sterna.families.tokens.texts import RunResult, continue_texts
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.tokens.model import TokenModel


def run(model: TokenModel, request: RunRequest, report: Report) -> RunResult:
    """Continue every prompt; the text comes as it is made."""
    tokenizer, going = model.tokenizer(), Going.of(request.options, model.sources)
    return continue_texts(
        model.name, lambda: open_for(model, request, report, going.asked), tokenizer,
        model.generation, request.options, report, going, Named.program(model.lowered))
