"""A language model for who talks with it: its chat template, and a device that stays open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.chat.conversation import Chat
from sterna.chat.session import Session
from sterna.families.requests import RunRequest, ServeRequest
from sterna.families.tokens.opened import open_for
from sterna.families.tokens.options import Answers, Texts
from sterna.families.tokens.texts import sampling_of
from sterna.formats.tokenizer import Tokenizer
from sterna.law.digest import laws_digest
from sterna.progress import Report
from sterna.serve.service import Limits, Service
from sterna.sharing.job import Wish

if TYPE_CHECKING:
    from sterna.families.tokens.model import TokenModel

PLAIN = "has no chat template: answers go on where the text ends"


def ends_of(model: TokenModel, tokenizer: Tokenizer) -> frozenset[int]:
    """Tokens that end an answer: those that end a text, and the end token of the template."""
    template = model.chat_template
    word = None if template is None else tokenizer.token_of(template.words.get("eos_token", ""))
    return frozenset([*model.generation.ends, *([] if word is None else [word])])


def converse(model: TokenModel, request: RunRequest, report: Report) -> Session:
    """A session; a model without a template is a note of the report.

    Raises `InputError`, and `LinkError` of a board.
    """
    wanted = request.options.take(Answers)
    return session(model, request, report, wanted, wanted.system)


def session(model: TokenModel, request: RunRequest, report: Report, wanted: Texts,
            system: str | None = None) -> Session:
    """The same with these options."""
    tokenizer, way = model.tokenizer(), model.generation
    chat = Chat(tokenizer, model.chat_template, way.begin)
    wish = Wish(ids=(0,), most=wanted.max_tokens, sampling=sampling_of(wanted, way),
                ends=ends_of(model, tokenizer))
    machine = open_for(model, request, report, snapshots=True)
    try:
        wish.sampling.parameters(machine.candidates)
        found = Session(machine, tokenizer, chat, wish, system, wanted.stats)
    except BaseException:
        machine.close()
        raise
    _note_plain(model, chat, report)
    return found


def served(model: TokenModel, request: ServeRequest, report: Report) -> Service:
    """The model for many clients. Raises as `converse` does."""
    tokenizer = model.tokenizer()
    chat = Chat(tokenizer, model.chat_template, model.generation.begin)
    device = open_for(model, request, report, snapshots=True)
    _note_plain(model, chat, report)
    return Service(
        name=model.name, vocabulary=model.vocabulary, tokenizer=tokenizer, chat=chat,
        device=device, generation=model.generation,
        ends=ends_of(model, tokenizer), fingerprint=f"sterna-{laws_digest()[:12]}",
        limits=Limits(queue=request.queue, deadline=request.deadline,
                      most_prompt=request.most_prompt, most_tokens=request.most_tokens))


def _note_plain(model: TokenModel, chat: Chat, report: Report) -> None:
    """Once nothing can be wrong any more, so that an error is the only line."""
    if chat.is_plain:
        report.note(f"{model.name}: {PLAIN}")
