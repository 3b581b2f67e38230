from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from sterna.errors import InputError
from sterna.families.matmul_free.bitlinear import ternary_codes, ternary_scale
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.conversion import float_reference, from_torch, ternarise
from sterna.families.matmul_free.reference import MatMulFreeLM

CONFIG = ModelConfig(vocab_size=40, hidden_size=24, num_hidden_layers=2, intermediate_size=40)


def test_numpy_and_torch_ternarise_alike() -> None:
    generator = torch.Generator().manual_seed(0)
    for power in (-12, 0, 3):
        weight = torch.randn(301, 257, generator=generator) * 10.0**power
        matrix = ternarise(weight.numpy())
        assert matrix.scale == float(ternary_scale(weight))
        np.testing.assert_array_equal(matrix.codes, ternary_codes(weight).numpy())


def test_ties_and_floor() -> None:
    matrix = ternarise(np.array([[0.5, -0.5, 1.5, -1.5]], np.float32))
    assert matrix.codes.tolist() == [[0, 0, 1, -1]]
    assert ternarise(np.zeros((2, 2), np.float32)).scale == np.float32(1e-5)


@pytest.mark.parametrize("changes", [
    {}, {"use_lower_bound": False}, {"channel_mixer": "lif"},
])
def test_reference_of_a_trained_model_computes_the_same(changes: dict[str, Any]) -> None:
    torch.manual_seed(4)
    config = replace(CONFIG, **changes)
    trained = MatMulFreeLM(config)
    with torch.no_grad():
        if config.use_lower_bound:
            trained.model.lower_bounds.normal_()
    reference = float_reference(from_torch(trained))
    tokens = torch.arange(40).unsqueeze(0)
    with torch.no_grad():
        torch.testing.assert_close(reference(tokens)[0], trained(tokens)[0])


def test_model_does_not_follow_later_training() -> None:
    module = MatMulFreeLM(CONFIG)
    model = from_torch(module)
    before = model.layers[0].i_proj.matrix.codes.copy()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.neg_()
    np.testing.assert_array_equal(model.layers[0].i_proj.matrix.codes, before)
    np.testing.assert_array_equal(from_torch(module).layers[0].i_proj.matrix.codes, -before)


def test_lower_bounds_of_the_layers() -> None:
    module = MatMulFreeLM(CONFIG)
    with torch.no_grad():
        module.model.lower_bounds.normal_(generator=torch.Generator().manual_seed(1))
    layers = from_torch(module).layers
    assert not layers[0].lower_bound.any()
    expected = torch.sigmoid(module.model.lower_bounds[1] - module.model.lower_bounds[0])
    np.testing.assert_allclose(layers[1].lower_bound, expected.detach().numpy(), rtol=1e-6)


def test_values_that_are_not_finite_are_named() -> None:
    module = MatMulFreeLM(CONFIG)
    with torch.no_grad():
        module.model.embeddings.weight[3, 3] = float("nan")
    with pytest.raises(InputError, match="embeddings.weight holds NaN"):
        from_torch(module)
