from __future__ import annotations

import math

import pytest
import torch
from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.conversion import float_reference
from sterna.families.matmul_free.random_model import random_model
from sterna.families.tokens import float_score
from sterna.families.tokens.float_score import score_text
from sterna.formats.tokenizer import EncodedText

CONFIG = ModelConfig(vocab_size=32, hidden_size=16, num_hidden_layers=2, intermediate_size=16)
IDS = [1, *torch.randint(3, 32, (60,), generator=torch.Generator().manual_seed(1)).tolist(), 2]
TEXT = EncodedText([*IDS, *IDS], 100)


def test_bits_by_steps_without_the_begin_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(float_score, "CHUNK", 7)
    reference = float_reference(random_model(CONFIG, 2))
    told: list[tuple[int, int]] = []
    score = score_text(reference, TEXT, 1, lambda done, total: told.append((done, total)))
    state, bits = reference.initial_state(), 0.0
    for token, target in zip(TEXT.ids, TEXT.ids[1:], strict=False):
        logits, state = reference.step(torch.tensor([token]), state)
        if target != 1:
            bits -= float(logits[0].double().log_softmax(0)[target]) / math.log(2)
    assert score.bits == pytest.approx(bits, rel=1e-5)
    assert score.tokens == len(TEXT.ids) - 2
    assert score.bits_per_byte == score.bits / 100
    assert score.perplexity == pytest.approx(2 ** (bits / score.tokens), rel=1e-5)
    assert told[-1] == (len(TEXT.ids), len(TEXT.ids))


def test_a_single_token_cannot_be_scored() -> None:
    with pytest.raises(InputError, match="too short"):
        score_text(float_reference(random_model(CONFIG, 2)), EncodedText([1], 1), 1)
