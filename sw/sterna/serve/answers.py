"""Answers as OpenAI's interface has them, whole and in parts."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sterna.formats.tokenizer import Tokenizer
from sterna.serve.worker import Piece
from sterna.sharing.job import Token

OVER = "the tokens that the device gives as the best ones of each step, not over the vocabulary"


@dataclass
class Form:
    """One of the two kinds of answers: what objects are called, and where a text is."""

    kind: str
    prefix: str
    is_chat: bool
    model: str
    fingerprint: str
    tokenizer: Tokenizer
    logprobs: int | None
    id: str = field(default_factory=lambda: secrets.token_hex(12))
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, answers: Sequence[Sequence[Piece]], usage: dict[str, Any]) -> dict[str, Any]:
        """An object with all choices."""
        choices = []
        for index, pieces in enumerate(answers):
            text = "".join(piece.text for piece in pieces)
            said = ({"message": {"role": "assistant", "content": text, "refusal": None}}
                    if self.is_chat else {"text": text})
            tokens = [token for piece in pieces for token in piece.tokens]
            choices.append({"index": index, **said, "logprobs": self._logprobs(tokens),
                            "finish_reason": pieces[-1].finish})
        return {**self._head(self.kind), "choices": choices, "usage": usage}

    def first(self, index: int) -> dict[str, Any] | None:
        """What a stream begins with, for each choice; nothing for texts."""
        if not self.is_chat:
            return None
        return self._part([{"index": index, "delta": {"role": "assistant", "content": ""},
                            "logprobs": None, "finish_reason": None}])

    def part(self, index: int, piece: Piece) -> dict[str, Any]:
        """A part of a stream."""
        said = ({"delta": {"content": piece.text} if piece.text else {}} if self.is_chat
                else {"text": piece.text})
        return self._part([{"index": index, **said,
                            "logprobs": self._logprobs(list(piece.tokens)),
                            "finish_reason": piece.finish}])

    def last(self, usage: dict[str, Any]) -> dict[str, Any]:
        """What tells the usage at the end of a stream."""
        return {**self._part([]), "usage": usage}

    def _part(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        kind = f"{self.kind}.chunk" if self.is_chat else self.kind
        return {**self._head(kind), "choices": choices}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": f"{self.prefix}-{self.id}", "object": kind, "created": self.created,
                "model": self.model, "system_fingerprint": self.fingerprint}

    def _logprobs(self, tokens: list[Token]) -> dict[str, Any] | None:
        """Over the candidates, which the answer says."""
        if self.logprobs is None or (not tokens and not self.is_chat):
            return None
        found = [self._of(token) for token in tokens]
        if self.is_chat:
            return {"content": [{**own, "top_logprobs": best} for own, best in found],
                    "refusal": None, "over": OVER}
        return {"tokens": [own["token"] for own, _ in found],
                "token_logprobs": [own["logprob"] for own, _ in found],
                "top_logprobs": [{item["token"]: item["logprob"] for item in best}
                                 for _, best in found],
                "text_offset": np.cumsum([0, *(len(own["token"]) for own, _ in found[:-1])]
                                         ).tolist(), "over": OVER}

    def _of(self, token: Token) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        assert token.candidates is not None and self.logprobs is not None
        logits = token.candidates.logits()
        shifted = logits - logits.max()
        values = shifted - np.log(np.exp(shifted).sum())
        entries = [self._entry(int(row), float(value))
                   for row, value in zip(token.candidates.rows, values, strict=True)]
        own = token.candidates.rows.tolist().index(token.id)
        return entries[own], entries[:self.logprobs]

    def _entry(self, token: int, logprob: float) -> dict[str, Any]:
        own = self.tokenizer.token_bytes(token)
        return {"token": own.decode(errors="replace"), "logprob": logprob, "bytes": list(own)}


def usage(prompt: int, made: int, kept: int) -> dict[str, Any]:
    """Tokens before, made, and of those before which had not to be read again."""
    return {"prompt_tokens": prompt, "completion_tokens": made, "total_tokens": prompt + made,
            "prompt_tokens_details": {"cached_tokens": kept}}
