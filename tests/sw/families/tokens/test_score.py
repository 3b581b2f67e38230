"""Scores of a text: segments, what is counted, and closeness to the float reference."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.conversion import float_reference
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.random_model import random_model
from sterna.families.tokens.float_score import score_text
from sterna.families.tokens.score import compare, cut_segments, score_program, score_reference
from sterna.formats.tokenizer import EncodedText
from sterna.golden.executor import GoldenExecutor

BEGIN = 1


@pytest.fixture(scope="module")
def model():
    config = ModelConfig(
        vocab_size=97, hidden_size=64, num_hidden_layers=1, intermediate_size=100
    )
    return random_model(config, 1)


def text(length: int) -> EncodedText:
    ids = np.random.default_rng(length).integers(0, 97, length).tolist()
    ids[length // 2] = BEGIN
    return EncodedText(ids, 3 * length)


@pytest.mark.parametrize(("length", "streams"), [(2, 1), (2, 64), (10, 3), (11, 5), (50, 7)])
def test_segments_hold_every_token_once(length, streams):
    encoded = text(length)
    segments = cut_segments(encoded, streams, begin=None)
    whole = torch.ones_like(segments.counted).flatten()
    whole[length - 1 :] = False
    assert torch.equal(segments.counted.flatten(), whole)
    assert segments.inputs.flatten()[whole].tolist() == encoded.ids[:-1]
    assert segments.targets.flatten()[whole].tolist() == encoded.ids[1:]
    assert segments.inputs.shape[0] <= streams


def test_a_begin_token_is_not_scored():
    segments = cut_segments(text(20), 4, BEGIN)
    skipped = segments.targets[~segments.counted]
    assert set(skipped.tolist()) <= {BEGIN, 0}
    assert not (segments.targets[segments.counted] == BEGIN).any()


def test_one_token_cannot_be_scored():
    with pytest.raises(InputError, match="too short"):
        cut_segments(EncodedText([5], 1), 4, None)


def test_one_segment_is_the_score_of_the_whole_text(model):
    reference, encoded = float_reference(model), text(40)
    whole = score_text(reference, encoded, BEGIN)
    segment = score_reference(reference, encoded, BEGIN, 1)
    assert segment.tokens == whole.tokens
    assert segment.bits == pytest.approx(whole.bits, rel=1e-5)


def test_bits_are_those_of_the_logits(model):
    program, encoded = lower(model), text(9)
    executor, bits = GoldenExecutor(program), 0.0
    for token, target in zip(encoded.ids, encoded.ids[1:], strict=False):
        logits = executor.step(token).logits
        if target != BEGIN:
            bits += math.log2(np.exp(logits - logits[target]).sum())
    told = []
    score = score_program(
        program, encoded, BEGIN, streams=1, progress=lambda done, total: told.append((done, total))
    )
    assert score.bits == pytest.approx(bits)
    assert score.tokens == 7
    assert told[-1] == (8, 8)


def test_comparison_uses_the_same_tokens(model):
    result = compare(lower(model), float_reference(model), text(60), BEGIN, streams=8)
    assert result.golden.tokens == result.reference.tokens
    ratio = result.golden.perplexity / result.reference.perplexity
    assert result.perplexity_increase == ratio - 1
    assert abs(result.perplexity_increase) < 0.02
