"""Messages become the token ids before the next answer.

Control tokens that a template writes are such tokens; what a user writes is text, whatever it looks
like. So the ids depend on template and messages alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sterna.chat.guard import Renderer
from sterna.errors import InputError
from sterna.formats.chat import ChatTemplate
from sterna.formats.tokenizer import Tokenizer
from sterna.host.generate import prompt_tokens

SYSTEM, USER, ASSISTANT = "system", "user", "assistant"
ROLES = (SYSTEM, USER, ASSISTANT)
_MARKS = [chr(code) for code in range(0xE000, 0xF8FF)]
"""Private characters, of which one that occurs nowhere keeps control tokens apart."""


@dataclass(frozen=True)
class Message:
    """What somebody has said."""

    role: str
    content: str


class Chat:
    """How a model takes conversations; a model without a template goes on where a text ends."""

    def __init__(self, tokenizer: Tokenizer, template: ChatTemplate | None, begin: int | None
                 ) -> None:
        self._tokenizer, self._template, self._begin = tokenizer, template, begin
        self._renderer = Renderer()
        self._special = sorted(tokenizer.special, key=len, reverse=True)

    @property
    def is_plain(self) -> bool:
        """Whether there is no template."""
        return self._template is None

    def ids(self, messages: Sequence[Message]) -> list[int]:
        """All ids before the answer that follows.

        Raises `InputError` for messages that the template does not take, and for a template that
        cannot be used.
        """
        if not messages:
            raise InputError("the conversation is empty; say something")
        if self._template is None:
            return prompt_tokens(self._tokenizer, plain_text(messages), self._begin)
        marks = self._unused(messages)
        text = self._render([Message(item.role, self._kept_apart(item.content, marks))
                             for item in messages])
        if not any(mark in text for mark in marks):
            return self._tokenizer.encode_with_special(text) or self._refuse()
        ids: list[int] = []
        for part in re.split(f"({'|'.join(map(re.escape, self._special))})", text):
            special = self._tokenizer.special.get(part)
            for mark, meant in marks.items():
                part = part.replace(mark, meant)
            ids += [special] if special is not None else self._tokenizer.encode(part)
        return ids or self._refuse()

    def close(self) -> None:
        """End what renders."""
        self._renderer.close()

    @staticmethod
    def _refuse() -> list[int]:
        raise InputError("the model's chat template: makes no text of these messages")

    def _render(self, messages: Iterable[Message]) -> str:
        assert self._template is not None
        variables: dict[str, Any] = {
            **self._template.words, "add_generation_prompt": True, "tools": None,
            "documents": None,
            "messages": [{"role": item.role, "content": item.content} for item in messages]}
        return self._renderer.render(self._template.template, variables)

    def _unused(self, messages: Iterable[Message]) -> dict[str, str]:
        """Characters that occur nowhere, and what each stands for: the first for nothing, the
        others for control tokens of one character."""
        assert self._template is not None
        there = set("".join([self._template.template, *self._special,
                             *(item.content for item in messages)]))
        meant = ["", *(word for word in self._special if len(word) == 1)]
        free = [mark for mark in _MARKS if mark not in there]
        if len(free) < len(meant):
            raise InputError("the messages have every private character of Unicode")
        return dict(zip(free, meant, strict=False))

    def _kept_apart(self, content: str, marks: dict[str, str]) -> str:
        """The content with the first mark in every control token, and where it could be a part of
        one with what is beside it."""
        mark, *others = marks
        for word in self._special:
            if len(word) > 1:
                content = content.replace(word, word[0] + mark + word[1:])
        for other in others:
            content = content.replace(marks[other], other)
        inner = content.strip()
        if any(inner.endswith(word[:size]) for word in self._special
               for size in range(1, len(word))):
            at = content.rindex(inner) + len(inner)
            content = content[:at] + mark + content[at:]
        if any(inner.startswith(word[size:]) for word in self._special
               for size in range(1, len(word))):
            at = content.index(inner)
            content = content[:at] + mark + content[at:]
        return content


def plain_text(messages: Sequence[Message]) -> str:
    """Without a template: an answer goes on where the text before it ends, the rest is in lines."""
    text = messages[0].content
    for before, item in pairwise(messages):
        joined = item.role == ASSISTANT and before.role != ASSISTANT
        text += item.content if joined else "\n" + item.content
    return text
