"""Calibrated formats leave headroom above the values of the float reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sterna.compiler.lowering import Formats, lower
from sterna.compiler.lowering.calibration import Ranges, calibrate, formats_for, observe_ranges
from sterna.errors import InputError
from sterna.golden.executor import GoldenExecutor
from sterna.models.configuration import ModelConfig
from sterna.models.conversion import float_reference
from sterna.models.random_model import random_model
from sterna.models.weights import LAYER_MATRICES, BitLinearWeights, MatMulFreeModel
from sterna.program.instructions import Kernel

CONFIG = ModelConfig(
    vocab_size=97, hidden_size=64, num_hidden_layers=2, intermediate_size=100
)
TOKENS = [1, 5, 9, 30, 2]


def test_ranges_are_those_of_the_golden_values():
    """What the hooks see is what the executor computes, but for rounding."""
    model = random_model(CONFIG, 1)
    ranges = observe_ranges(model, TOKENS)
    program = lower(model)
    largest: dict[str, float] = {}

    def observe(key, name, values):
        fraction = getattr(program.vectors.get(name), "fraction", None)
        item = program.section(key.section).items[key.item]
        in_body = isinstance(item, Kernel) and key.operation >= 0
        # The product itself is only squared, and has no name.
        if in_body and getattr(item.body[key.operation], "squares", None) == "z_squares":
            name, fraction = "z", Formats().product_fraction
        if fraction is not None:
            real = float(np.abs(values).max()) * 2.0**-fraction
            largest[name] = max(largest.get(name, 0.0), real)

    executor = GoldenExecutor(program)
    for token in TOKENS:
        executor.step(token, observe=observe)
    assert ranges.residual == pytest.approx(largest["x"], rel=0.03)
    activation = max(largest[name] for name in ("i", "f_negative", "y"))
    assert ranges.activation == pytest.approx(activation, rel=0.03)
    assert ranges.up == pytest.approx(largest["up_half"], rel=0.03)
    assert ranges.product == pytest.approx(largest["z"], rel=0.05)


@pytest.mark.parametrize("word_bits", [16, 18])
def test_ordinary_ranges_keep_the_defaults(word_bits):
    ranges = Ranges(residual=60, activation=12, up=100, product=200)
    assert formats_for(ranges, word_bits) == Formats.default(word_bits)


@pytest.mark.parametrize("word_bits", [16, 18])
@pytest.mark.parametrize("residual", [1e-3, 0.1, 3.0, 200.0, 3000.0])
@pytest.mark.parametrize("product", [1e-2, 5.0, 700.0])
@pytest.mark.parametrize("up", [0.2, 50.0])
def test_all_ranges_have_headroom(word_bits, residual, product, up):
    ranges = Ranges(residual=residual, activation=3.0, up=up, product=product)
    formats = formats_for(ranges, word_bits)
    for name in ("residual", "up", "product"):
        reach = 2.0 ** (word_bits - 1 - getattr(formats, f"{name}_fraction"))
        assert reach >= 2 * getattr(ranges, name)


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
    formats = calibrate(chosen, TOKENS)
    assert formats.residual_fraction < Formats().residual_fraction
    assert error(chosen, formats) < 0.04
    assert error(chosen, Formats()) > 2 * error(chosen, formats)


def test_a_model_of_large_gains_needs_calibration():
    plain = random_model(CONFIG, 1)

    def louder(weights: BitLinearWeights) -> BitLinearWeights:
        return replace(weights, gain=weights.gain * np.float32(20))

    layers = [
        replace(layer, **{name: louder(getattr(layer, name)) for name in LAYER_MATRICES})
        for layer in plain.layers
    ]
    chosen = replace(plain, layers=layers)
    formats = calibrate(chosen, TOKENS)
    assert formats.activation_fraction < Formats().activation_fraction
    assert formats.product_fraction < Formats().product_fraction
    assert error(chosen, formats) < 0.06
    assert error(chosen, Formats()) > 3 * error(chosen, formats)


@pytest.mark.parametrize("word_bits", [16, 18])
@pytest.mark.parametrize("up", [1e-4, 3e3, 3e4, 1e6])
@pytest.mark.parametrize("product", [1e-4, 3e4, 1e6])
def test_extreme_ranges_still_make_formats(word_bits, up, product):
    ranges = Ranges(residual=1e6, activation=1e3, up=up, product=product)
    formats = formats_for(ranges, word_bits)
    assert lower(random_model(CONFIG, 1), formats).vectors["up_half"].fraction is not None


def test_values_beyond_float32_are_refused():
    plain = random_model(CONFIG, 1)
    layer = plain.layers[1]
    huge = BitLinearWeights(layer.down_proj.matrix, layer.down_proj.gain * np.float32(1e38))
    chosen = replace(plain, layers=[plain.layers[0], replace(layer, down_proj=huge)])
    with pytest.raises(InputError, match="beyond float32"):
        calibrate(chosen, TOKENS)


def test_progress_is_told_of_layers():
    told: list[tuple[int, int]] = []
    calibrate(random_model(CONFIG, 1), TOKENS, progress=lambda *parts: told.append(parts))
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_calibration_needs_tokens():
    with pytest.raises(InputError, match="at least one token"):
        calibrate(random_model(CONFIG, 1), [])
