"""Bits per byte of the float reference over a text."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional

from sterna.errors import InputError
from sterna.families.tokens.reference import Reference
from sterna.formats.tokenizer import EncodedText

CHUNK = 1024


@dataclass(frozen=True)
class Score:
    """How well a model predicts a text; `tokens` counts the predicted ones."""

    bits: float
    tokens: int
    byte_count: int

    @property
    def bits_per_byte(self) -> float:
        """Bits over the UTF-8 bytes of the documents; end tokens cost bits but no bytes."""
        return self.bits / self.byte_count

    @property
    def perplexity(self) -> float:
        """Two to the mean bits per predicted token."""
        return 2 ** (self.bits / self.tokens)


def score_text(
    reference: Reference,
    text: EncodedText,
    begin: int | None,
    progress: Callable[[int, int], None] | None = None,
) -> Score:
    """Score a text in one pass, the state carried from its first token to its last.

    A begin token is never a prediction, since the host always gives it. `progress` is told
    the tokens done and the tokens in all. Raises `InputError` for a text of a single token.
    """
    ids = torch.tensor(text.ids)
    if len(ids) < 2:
        raise InputError("the text is too short to score; give at least two tokens")
    state = reference.initial_state()
    nats, predicted = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(ids) - 1, CHUNK):
            inputs = ids[start : start + CHUNK]
            targets = ids[start + 1 : start + 1 + CHUNK]
            logits, state = reference(inputs[: len(targets)].unsqueeze(0), state)
            losses = functional.cross_entropy(logits[0], targets, reduction="none").double()
            counted = torch.ones_like(targets, dtype=torch.bool)
            if begin is not None:
                counted = targets != begin
            nats += float(losses[counted].sum())
            predicted += int(counted.sum())
            if progress is not None:
                progress(min(start + CHUNK, len(ids)), len(ids))
    return Score(nats / math.log(2), predicted, text.byte_count)
