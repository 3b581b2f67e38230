"""Random models of the released sizes."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.matmul_free import released_shapes
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.layout import all_matrices
from sterna.families.matmul_free.random_shape import random_shape
from sterna.families.matmul_free.released_shapes import SHAPES
from sterna.families.matmul_free.store import load_model, save_model

# Ternary weights of a token: layers and head.
WEIGHTS = {"370m": 341_049_344, "1.3b": 1_298_661_376, "2.7b": 2_619_473_920}


@pytest.mark.parametrize("name", list(SHAPES))
def test_sizes_are_those_of_the_released_models(name):
    shapes = all_matrices(SHAPES[name])
    assert sum(rows * columns for rows, columns in shapes.values()) == WEIGHTS[name]


def test_the_same_seed_gives_the_same_model(tmp_path, monkeypatch):
    small = ModelConfig(hidden_size=64, num_hidden_layers=2, intermediate_size=96, vocab_size=70)
    monkeypatch.setitem(released_shapes.SHAPES, "small", small)
    heads = []
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        save_model(random_shape("small", seed), tmp_path / folder)
        model = load_model(tmp_path / folder)
        assert model.config.hidden_size == 64 and len(model.layers) == 2
        assert set(np.unique(model.layers[1].gated_unit.down_proj.matrix.codes)) == {-1, 0, 1}
        heads.append(model.lm_head.matrix.codes)
    assert np.array_equal(heads[0], heads[1])
    assert not np.array_equal(heads[0], heads[2])


def test_an_unknown_size():
    with pytest.raises(InputError, match="shape '7b': no such size; there are 370m, 1.3b, 2.7b"):
        random_shape("7b")
