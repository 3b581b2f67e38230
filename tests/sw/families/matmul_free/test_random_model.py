from __future__ import annotations

import numpy as np
import torch
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.conversion import float_reference
from sterna.families.matmul_free.random_model import random_model

CONFIG = ModelConfig(vocab_size=64, hidden_size=64, num_hidden_layers=4, intermediate_size=96)


def test_a_seed_is_a_model() -> None:
    first, again, other = (random_model(CONFIG, seed) for seed in (1, 1, 2))
    assert again.layers[2].f_proj.matrix.scale == first.layers[2].f_proj.matrix.scale
    np.testing.assert_array_equal(
        again.layers[2].f_proj.matrix.codes, first.layers[2].f_proj.matrix.codes
    )
    assert (other.embeddings != first.embeddings).any()
    assert (first.layers[0].i_proj.matrix.codes != first.layers[1].i_proj.matrix.codes).any()


def test_lower_bounds_rise_with_depth() -> None:
    bounds = np.stack([layer.lower_bound for layer in random_model(CONFIG, 1).layers])
    assert not bounds[0].any()
    assert (np.diff(bounds, axis=0) > 0).all()
    assert bounds.max() < 1


def test_values_are_of_the_size_of_a_trained_model() -> None:
    reference = float_reference(random_model(CONFIG, 1))
    residual: list[torch.Tensor] = []
    reference.model.norm.register_forward_pre_hook(
        lambda _, inputs: residual.append(inputs[0])
    )
    tokens = torch.randint(0, 64, (1, 200), generator=torch.Generator().manual_seed(0))
    logits, _ = reference(tokens)
    assert 0.5 < float(residual[0].std()) < 4
    assert 0.5 < float(logits.std()) < 4
