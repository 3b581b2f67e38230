"""Training data: a byte-level BPE tokenizer and parallel streams of its tokens."""

from __future__ import annotations

from collections.abc import Sequence

import tokenizers
import torch
from tokenizers import decoders, models, pre_tokenizers, processors, trainers
from torch import Tensor

UNKNOWN, BEGIN, END = "<unk>", "<s>", "</s>"
LEAST_VOCABULARY = 256 + 3
BEGIN_ID, END_ID = 1, 2


def train_tokenizer(documents: Sequence[str], vocabulary: int) -> tokenizers.Tokenizer:
    """Train a byte-level BPE; ids 0, 1 and 2 are unknown, begin and end, as in the releases.

    All 256 bytes are in the vocabulary, so that any UTF-8 text comes back unchanged.
    """
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[UNKNOWN, BEGIN, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(documents, trainer)
    begin_id = tokenizer.token_to_id(BEGIN)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A",
        pair=f"{BEGIN} $A {BEGIN} $B",
        special_tokens=[(BEGIN, begin_id)],
    )
    return tokenizer


class TokenStreams:
    """`batch` readers spread over one circle of tokens, each reading on where it stopped."""

    def __init__(self, tokens: Sequence[int], batch: int, context: int) -> None:
        self._tokens = torch.tensor(tokens)
        self._starts = torch.arange(batch).unsqueeze(1) * len(tokens) // batch
        self._offsets = torch.arange(context + 1)
        self._context = context

    def read(self, step: int) -> tuple[Tensor, Tensor]:
        """Inputs and targets of a step, each `[batch, context]`; a function of `step` alone."""
        positions = self._starts + step * self._context + self._offsets
        window = self._tokens[positions % len(self._tokens)]
        return window[:, :-1], window[:, 1:]
