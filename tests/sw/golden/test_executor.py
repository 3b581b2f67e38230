"""The executor on lowered models: near the float reference, and the same however it is run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.conversion import float_reference
from sterna.families.matmul_free.lowering import Formats, lower
from sterna.families.matmul_free.random_model import random_model
from sterna.families.matmul_free.weights import MatMulFreeModel
from sterna.families.tokens.score import evaluate
from sterna.golden.executor import GoldenExecutor
from sterna.machine.keys import ValueKey
from sterna.program.instructions import Kernel, ScalarOperation, TopK


def model(hidden=64, layers=2, intermediate=100, vocabulary=97, seed=1) -> MatMulFreeModel:
    config = ModelConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        num_hidden_layers=layers,
        intermediate_size=intermediate,
    )
    return random_model(config, seed)


def reference_logits(model: MatMulFreeModel, tokens: list[int]) -> np.ndarray:
    with torch.no_grad():
        return float_reference(model)(torch.tensor([tokens]))[0][0].double().numpy()


def relative_error(program, model: MatMulFreeModel, tokens: list[int]) -> float:
    executor = GoldenExecutor(program)
    golden = np.array([executor.step(token).logits for token in tokens])
    reference = reference_logits(model, tokens)
    return float(np.sqrt(((golden - reference) ** 2).mean() / (reference**2).mean()))


@pytest.mark.parametrize(
    ("hidden", "layers", "intermediate", "vocabulary", "word_bits"),
    [
        (64, 1, 100, 97, 18),
        (64, 2, 96, 777, 16),
        (96, 2, 333, 97, 18),
        (160, 3, 77, 777, 18),
        (250, 4, 301, 97, 18),
        (250, 2, 130, 97, 16),
    ],
)
def test_logits_are_near_the_float_reference(hidden, layers, intermediate, vocabulary, word_bits):
    chosen = model(hidden, layers, intermediate, vocabulary)
    tokens = np.random.default_rng(2).integers(0, vocabulary, 12).tolist()
    program = lower(chosen, Formats.default(word_bits))
    # Codes of eight bits that round to a neighbour make one or two percent.
    assert relative_error(program, chosen, tokens) < {18: 0.04, 16: 0.1}[word_bits]


def test_epsilons_count_where_values_are_small():
    """Gains near the root of epsilon: without it the results would be far off."""
    plain = model(hidden=96, layers=1, intermediate=100)
    layer = plain.layers[0]
    small = replace(
        layer,
        attn_norm=layer.attn_norm * np.float32(1e-3),
        mlp_norm=layer.mlp_norm * np.float32(1e-3),
        g_norm=layer.g_norm * np.float32(2e-3),
        unit=replace(layer.gated_unit, gate_proj=replace(
            layer.gated_unit.gate_proj, gain=layer.gated_unit.gate_proj.gain * np.float32(0.04)
        )),
    )
    chosen = replace(plain, layers=[small], norm=plain.norm * np.float32(1e-3))
    formats = replace(
        Formats(), residual_fraction=13, up_fraction=16, product_fraction=16
    )
    tokens = np.random.default_rng(5).integers(0, 97, 8).tolist()
    assert relative_error(lower(chosen, formats), chosen, tokens) < 0.04


@pytest.mark.parametrize("extreme", [0.0, 1e4])
def test_embeddings_beyond_the_format_and_of_zeros_give_a_result(extreme):
    plain = model(layers=1)
    chosen = replace(plain, embeddings=np.full_like(plain.embeddings, extreme))
    result = GoldenExecutor(lower(chosen)).step(3)
    assert np.isfinite(result.logits).all()
    assert bool(result.logits.any()) == (extreme != 0)


def test_reset_starts_a_new_text():
    executor = GoldenExecutor(lower(model()))
    first = [executor.step(token).all_accumulators for token in (5, 6, 5)]
    assert not np.array_equal(first[0], first[2])
    executor.reset()
    second = [executor.step(token).all_accumulators for token in (5, 6, 5)]
    assert np.array_equal(first, second)


def test_streams_give_what_each_gives_alone():
    program = lower(model(hidden=96))
    tokens = np.random.default_rng(3).integers(0, 97, (3, 5))
    together = evaluate(program, torch.from_numpy(tokens))
    assert together.shape == (3, 5, 97)
    for stream in range(3):
        executor = GoldenExecutor(program)
        for time in range(5):
            alone = executor.step(int(tokens[stream, time])).logits
            assert np.array_equal(together[stream, time].numpy(), alone)


def test_memory_does_not_change_results():
    program = lower(model())
    kept, fetched = GoldenExecutor(program), GoldenExecutor(program, matrix_budget=0)
    for token in (1, 2):
        assert np.array_equal(
            kept.step(token).all_accumulators, fetched.step(token).all_accumulators
        )


def test_a_row_counts_like_its_token():
    chosen = model()
    program = lower(chosen)
    by_token = GoldenExecutor(program).step(7)
    by_row = GoldenExecutor(program).step(input_row=program.parameters.embedding(7))
    assert np.array_equal(by_token.all_accumulators, by_row.all_accumulators)


def test_every_value_is_observed_in_order():
    program = lower(model(layers=2))
    seen: list[tuple[ValueKey, str, np.ndarray]] = []
    result = GoldenExecutor(program).step(4, observe=lambda *value: seen.append(value))
    expected = []
    for section in program.sections:
        for repetition in range(section.repeat):
            for index, item in enumerate(section.items):
                if isinstance(item, Kernel):
                    operations = [-1 - m for m in range(len(item.matmuls))]
                    operations += range(len(item.body))
                else:
                    operations = [-1 if hasattr(item, "matmul") else 0]
                expected += [
                    ValueKey(section.name, repetition, index, operation)
                    for operation in operations
                ]
    assert [key for key, _, _ in seen] == expected
    by_key = {key: (name, array) for key, name, array in seen}
    head = program.section("head").items
    position = next(index for index, item in enumerate(head) if isinstance(item, TopK))
    logits = by_key[ValueKey("head", 0, position, -1)]
    assert logits[0] == "logits"
    assert np.array_equal(logits[1], result.all_accumulators)
    for key, (_, array) in by_key.items():
        item = program.section(key.section).items[key.item]
        assert array.dtype == np.int64
        if isinstance(item, ScalarOperation):
            assert array.shape == (2,)
        elif isinstance(item, Kernel):
            assert array.shape == (item.length,)


def test_best_rows_come_first_and_ties_in_order():
    result = GoldenExecutor(lower(model()), top_k=5).step(1)
    order = sorted(range(97), key=lambda row: (-result.all_accumulators[row], row))
    assert result.rows == order[:5]
    assert result.accumulators == [int(result.all_accumulators[row]) for row in order[:5]]
    tied = replace(result, all_accumulators=np.array([1, 3, 3, 2, 3, 1]))
    assert tied.rows == [1, 2, 4, 3, 0]


def test_bad_input_is_refused():
    executor = GoldenExecutor(lower(model()))
    with pytest.raises(InputError, match="token 97 is outside the vocabulary of 97"):
        executor.step(97)
    with pytest.raises(InputError, match="token -1"):
        executor.step(-1)
    with pytest.raises(InputError, match="either a token or an input row"):
        executor.step()
    with pytest.raises(InputError, match=r"shape \[1, 3\], not \[1, 64\]"):
        executor.step(input_row=np.zeros(3, np.int64))
    with pytest.raises(InputError, match="beyond 18 bits"):
        executor.step(input_row=np.full(64, 1 << 17))
