"""Parameters of a lowered model: what they say about the model they come from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.lowering import Formats, lower
from sterna.families.matmul_free.random_model import random_model
from sterna.program.instructions import Constant, Kernel, ScalarOperation

CONFIG = ModelConfig(
    vocab_size=97, hidden_size=64, num_hidden_layers=2, intermediate_size=100
)


@pytest.fixture(scope="module")
def model():
    return random_model(CONFIG, 1)


def test_matrices_are_those_of_the_model(model):
    parameters = lower(model).parameters
    for index, layer in enumerate(model.layers):
        expected = {
            "candidate": layer.i_proj.matrix.codes,
            "forget": layer.f_proj.matrix.codes,
            "gate": layer.g_proj.matrix.codes,
            "output": layer.o_proj.matrix.codes,
            "unit": layer.gated_unit.gate_proj.matrix.codes[:100],
            "up": layer.gated_unit.gate_proj.matrix.codes[100:],
            "down": layer.gated_unit.down_proj.matrix.codes,
        }
        for name, codes in expected.items():
            assert np.array_equal(parameters.matrix("layer", index, name), codes)
    head = parameters.matrix("head", 0, "head")
    assert np.array_equal(head, model.lm_head.matrix.codes)


@pytest.mark.parametrize("word_bits", [16, 18])
def test_everything_a_program_names_exists_and_fits(model, word_bits):
    program = lower(model, Formats.default(word_bits))
    limit = (1 << (word_bits - 1)) - 1
    for section in program.sections:
        for repetition in range(section.repeat):
            for item in section.items:
                if isinstance(item, ScalarOperation) and item.operation == "constant":
                    scalar = program.parameters.scalar(section.name, repetition, item.operands[0])
                    assert 1 << 16 <= scalar.mantissa < 1 << 17
                    assert -128 <= scalar.exponent < 128
                for operation in item.body if isinstance(item, Kernel) else ():
                    multiplier = getattr(operation, "multiplier", None)
                    if isinstance(multiplier, Constant):
                        values = program.parameters.vector(
                            section.name, repetition, multiplier.name
                        )
                        assert values.shape == (item.length,)
                        assert 0 < np.abs(values).max() <= limit
    for (section_name, name), shape in program.matrices.items():
        assert program.parameters.matrix(section_name, 0, name).shape == shape


def test_each_layer_prepares_the_codes_of_what_follows(model):
    parameters = lower(model).parameters
    first, second = (layer.attn_norm * layer.i_proj.gain for layer in model.layers)
    following = {
        ("embed", 0): first,
        ("layer", 0): second,
        ("layer", 1): model.norm * model.lm_head.gain,
    }
    for (section, repetition), gain in following.items():
        scale = parameters.vector(section, repetition, "next_candidate") / gain
        assert np.allclose(scale, scale[0], rtol=2e-3)


def test_the_share_is_one_minus_the_bound(model):
    program = lower(model)
    values = program.parameters.vector("layer", 1, "share")
    assert np.allclose(values / 2**16, 1 - model.layers[1].lower_bound, atol=2**-17)
    assert (program.parameters.vector("layer", 0, "share") == 1 << 16).all()


def test_embeddings_round_half_up_and_saturate(model):
    row = np.zeros(64)
    row[:6] = [1 / 512, 0.5 / 512, -0.5 / 512, 1e4, -1e4, -1.5 / 512]
    chosen = replace(model, embeddings=np.tile(row, (97, 1)))
    words = lower(chosen).parameters.embedding(3)
    assert words[:6].tolist() == [1, 1, 0, 131071, -131071, -1]
    assert words.dtype == np.int32


@pytest.mark.parametrize("name", ["nothing", "next_nothing", "values"])
def test_unknown_names_are_refused(model, name):
    parameters = lower(model).parameters
    for function in (parameters.matrix, parameters.vector, parameters.scalar):
        with pytest.raises(KeyError):
            function("layer", 0, name)
