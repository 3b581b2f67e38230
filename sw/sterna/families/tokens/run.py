"""A model continues prompts, on any device."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from sterna.families.requests import RunRequest
from sterna.families.saved import Going, Named
from sterna.families.tokens.opened import open_for
from sterna.families.tokens.options import PROMPT, Texts, Turn
from sterna.families.tokens.texts import RunResult, continue_texts, prompts_of
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.tokens.model import TokenModel


def run(model: TokenModel, request: RunRequest, report: Report) -> RunResult:
    """Continue every prompt; the text comes as it is made."""
    if request.options.take(Turn).chat:
        return _answer(model, request, report)
    tokenizer, going = model.tokenizer(), Going.of(request.options, model.sources)
    return continue_texts(
        model.name, lambda: open_for(model, request, report, going.asked), tokenizer,
        model.generation, request.options, report, going, Named.program(model.lowered))


def _answer(model: TokenModel, request: RunRequest, report: Report) -> RunResult:
    """Answer every prompt, each of which begins a conversation."""
    from sterna.families.tokens.talk import session

    wanted, prompts = request.options.take(Texts), prompts_of(request.options, [PROMPT])
    answers = []
    with closing(session(model, request, report, wanted)) as talk:
        for prompt in prompts:
            talk.reset()
            answers.append("")
            for piece in talk.say(prompt):
                report.write(piece)
                answers[-1] += piece
            report.write("\n")
            if wanted.stats:
                report.note(f"{talk.device.name}: {talk.last.told()}")
    return RunResult(model.name, tuple(answers))
