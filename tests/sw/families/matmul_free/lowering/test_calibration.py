"""Calibrated formats leave headroom above the values of the float reference."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.conversion import float_reference
from sterna.families.matmul_free.layout import TOKEN_MATRICES
from sterna.families.matmul_free.lowering import Formats, lower
from sterna.families.matmul_free.lowering.calibration import (
    HEADROOM,
    PRODUCT_HEADROOM,
    calibrate,
    concerns,
    formats_for,
    random_ids,
    words,
)
from sterna.families.matmul_free.lowering.observation import Ranges
from sterna.families.matmul_free.random_checkpoint import initial_model
from sterna.families.matmul_free.random_model import random_model
from sterna.families.matmul_free.weights import BitLinearWeights, MatMulFreeModel
from sterna.families.tokens.score import evaluate
from sterna.golden.executor import GoldenExecutor
from sterna.program.definition import Program
from sterna.program.instructions import Kernel

CONFIG = ModelConfig(
    vocab_size=97, hidden_size=64, num_hidden_layers=2, intermediate_size=100
)
TOKENS = [1, 5, 9, 30, 2]


# Vectors of the program by the range that they are in; squares are named by what is squared.
RANGES = {
    "x": "residual", "candidate_source": "residual_source", "forget_source": "residual_source",
    "gate_source": "residual_source", "unit_source": "residual_source", "norm": "residual_source",
    "unit_norm": "residual_source", "i": "activation", "f_negative": "activation",
    "y": "activation", "h_gained": "state_gained", "h_output": "state_output", "up_half": "up",
    "z_squares": "product",
}  # fmt: skip


def official(hidden: int, layers: int, std: float, seed: int) -> MatMulFreeModel:
    config = ModelConfig(vocab_size=512, hidden_size=hidden, num_hidden_layers=layers)
    return initial_model(config, std, seed)


def largest_words(program: Program) -> dict[str, int]:
    """The greatest magnitude of what the golden computes, by the name of its range."""
    found: dict[str, int] = {}

    def observe(key, name, values):
        item = program.section(key.section).items[key.item]
        if isinstance(item, Kernel) and key.operation >= 0:
            name = getattr(item.body[key.operation], "squares", None) or name
            name = RANGES.get(name, name)
            found[name] = max(found.get(name, 0), int(np.abs(values).max()))

    executor = GoldenExecutor(program)
    for token in TOKENS:
        executor.step(token, observe=observe)
    return found


@pytest.mark.parametrize("word_bits", [16, 18])
@pytest.mark.parametrize("model", [
    random_model(CONFIG, 1), official(64, 2, 0.02, 3), official(256, 1, 0.05, 4),
], ids=["near one", "embeddings of 0.02", "hidden 256"])
def test_the_largest_words_are_those_of_the_golden(model, word_bits):
    """Gains and shifts included; all have headroom, and sources of codes have bits enough."""
    ranges = calibrate(model, TOKENS).ranges
    formats = formats_for(ranges, word_bits)
    golden = largest_words(lower(model, formats))
    told = words(ranges, formats)
    for name, largest in told.items():
        assert golden[name] == pytest.approx(largest, rel=0.06, abs=3), name
        assert largest <= formats.word_limit / HEADROOM
    for name in ("residual", "residual_source", "activation", "output_source", "down_source"):
        assert told[name] > formats.word_limit / 64
    assert concerns(ranges, formats) == []


@pytest.mark.parametrize("word_bits", [16, 18])
@pytest.mark.parametrize("residual", [1e-3, 0.1, 3.0, 200.0, 3000.0])
@pytest.mark.parametrize("product", [1e-2, 5.0, 700.0])
@pytest.mark.parametrize("output", [1e-2, 30.0, 1e4, 1e7])
@pytest.mark.parametrize("up", [0.2, 50.0])
def test_all_ranges_have_headroom(word_bits, residual, product, up, output):
    ranges = Ranges(
        residual=residual, residual_source=residual / 2, activation=3.0, state_gained=0.5,
        state_output=0.2, gated=3 * output, output_source=output, up=up, up_gained=up / 2,
        product=product, down_source=product / 3,
    )
    formats = formats_for(ranges, word_bits)
    told = words(ranges, formats)
    assert max(told.values()) <= formats.word_limit / HEADROOM
    for name in ("gated", "output_source", "product", "down_source"):
        assert told[name] <= formats.word_limit / PRODUCT_HEADROOM


@pytest.mark.parametrize("ranges", [
    Ranges(residual=105.6, residual_source=76.4, activation=28.9, state_gained=1.17,
           state_output=9.4e6, gated=6.2e7, output_source=3.5e4, up=715, up_gained=1570,
           product=19, down_source=0.03),
    Ranges(residual=213, residual_source=14.2, activation=1.74, state_gained=7.7,
           state_output=7.9e5, gated=1.9e7, output_source=8.6, up=139, up_gained=0.79,
           product=3446, down_source=5.2),
    Ranges(residual=3.8, residual_source=6257, activation=17.7, state_gained=0.12,
           state_output=0.26, gated=5.9e6, output_source=0.31, up=0.013, up_gained=0.39,
           product=2801, down_source=1245),
])
def test_rather_coarse_than_saturated(ranges):
    """Some shifts make values finer and saturate others: none that does is chosen."""
    formats = formats_for(ranges)
    assert max(words(ranges, formats).values()) <= formats.word_limit


@pytest.mark.parametrize("change, message", [
    ({"residual_fraction": 3}, r"the codes of i_proj of layer 0 are made of at most \d units; 127"),
    ({"output_shift": 28}, r"the codes of o_proj of layer \d are made of at most \d units; 127"),
    ({"down_gain_bits": 2}, r"the codes of down_proj of layer 1 are made of at most \d units; 127"),
    ({"residual_fraction": 1}, r"the codes of lm_head are made of at most \d units; 127"),
    ({"residual_fraction": 18}, r"residual reaches \d{6} units; words saturate at 131071"),
    ({"output_shift": 4}, r"output source reaches \d{6} units; words saturate at 131071"),
])
def test_concerns_name_what_is_too_coarse_and_what_may_saturate(change, message):
    ranges = calibrate(official(64, 2, 0.02, 3), TOKENS).ranges
    formats = formats_for(ranges)
    found = concerns(ranges, replace(formats, **change))
    assert any(re.match(message, line) for line in found), found


@pytest.mark.parametrize("hidden, layers, std, seed", [
    (64, 2, 0.02, 0), (64, 3, 0.05, 1), (128, 2, 0.05, 2), (256, 1, 0.02, 3),
])
def test_checkpoints_of_the_official_initialisation_are_still_themselves(hidden, layers, std, seed):
    """Ids that calibration has not seen; the defaults are another model."""
    model = official(hidden, layers, std, seed)
    formats = calibrate(model, random_ids(model.config, 128)).formats
    ids = torch.from_numpy(np.random.default_rng(7).integers(0, 512, (4, 12)))
    chosen, default = (score(model, each, ids) for each in (formats, Formats()))
    assert chosen[0] < 0.05 and chosen[1] >= 43
    assert default[0] > 0.1 and default[1] < 42


def score(model: MatMulFreeModel, formats: Formats, ids: torch.Tensor) -> tuple[float, int]:
    """Error of the golden logits in standard deviations, and positions with the same best token."""
    with torch.no_grad():
        exact = float_reference(model)(ids)[0].double()
    golden = evaluate(lower(model, formats), ids)
    best = golden.argmax(-1) == exact.argmax(-1)
    return float((golden - exact).square().mean().sqrt() / exact.std()), int(best.sum())


def error(model: MatMulFreeModel, formats: Formats) -> float:
    """Root mean square of the golden logits' error over that of the logits."""
    executor = GoldenExecutor(lower(model, formats))
    golden = np.array([executor.step(token).logits for token in TOKENS])
    with torch.no_grad():
        exact = float_reference(model)(torch.tensor([TOKENS]))[0][0].numpy()
    return float(np.sqrt(((golden - exact) ** 2).mean() / (exact**2).mean()))


def test_a_model_of_large_values_needs_calibration():
    plain = random_model(CONFIG, 1)
    chosen = replace(plain, embeddings=plain.embeddings * np.float16(200))
    formats = calibrate(chosen, TOKENS).formats
    assert formats.residual_fraction < Formats().residual_fraction
    assert error(chosen, formats) < 0.04
    assert error(chosen, Formats()) > 2 * error(chosen, formats)


def test_a_model_of_large_gains_needs_calibration():
    plain = random_model(CONFIG, 1)

    def louder(weights: BitLinearWeights) -> BitLinearWeights:
        return replace(weights, gain=weights.gain * np.float32(20))

    layers = [
        replace(
            layer,
            unit=replace(layer.gated_unit, gate_proj=louder(layer.gated_unit.gate_proj),
                         down_proj=louder(layer.gated_unit.down_proj)),
            **{name: louder(getattr(layer, name)) for name in TOKEN_MATRICES},
        )
        for layer in plain.layers
    ]
    chosen = replace(plain, layers=layers)
    formats = calibrate(chosen, TOKENS).formats
    assert formats.activation_fraction < Formats().activation_fraction
    assert error(chosen, formats) < 0.06
    assert error(chosen, Formats()) > 3 * error(chosen, formats)


@pytest.mark.parametrize("word_bits", [16, 18])
@pytest.mark.parametrize("up", [0.0, 1e-4, 3e3, 1e6])
@pytest.mark.parametrize("product", [0.0, 1e-4, 3e4, 1e6])
@pytest.mark.parametrize("output", [0.0, 1e9])
def test_extreme_ranges_still_make_formats(word_bits, up, product, output):
    ranges = Ranges(residual=1e6, activation=1e3, up=up, product=product, gated=output)
    formats = formats_for(ranges, word_bits)
    assert lower(random_model(CONFIG, 1), formats).vectors["up_half"].fraction is not None
    assert any("residual reaches 1000000 units" in line for line in concerns(ranges, formats))


def test_values_beyond_float32_are_refused():
    plain = random_model(CONFIG, 1)
    layer = plain.layers[1]
    down = layer.gated_unit.down_proj
    huge = replace(layer.gated_unit, down_proj=replace(down, gain=down.gain * np.float32(1e38)))
    chosen = replace(plain, layers=[plain.layers[0], replace(layer, unit=huge)])
    with pytest.raises(InputError, match="beyond float32"):
        calibrate(chosen, TOKENS)


def test_progress_is_told_of_layers():
    told: list[tuple[int, int]] = []
    calibrate(random_model(CONFIG, 1), TOKENS, progress=lambda *parts: told.append(parts))
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_calibration_needs_tokens():
    with pytest.raises(InputError, match="at least one token"):
        calibrate(random_model(CONFIG, 1), [])
