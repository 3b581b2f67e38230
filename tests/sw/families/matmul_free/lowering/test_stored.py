"""The number formats in a model's folder are those that it is lowered with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.lowering import Formats, lower, store_formats, stored_formats
from sterna.families.matmul_free.random_model import random_model
from sterna.families.matmul_free.store import FORMAT, FORMATS_FILE, load_model, save_model
from sterna.files.manifest import write_manifest

CONFIG = ModelConfig(vocab_size=97, hidden_size=64, num_hidden_layers=1, intermediate_size=64)
CHOSEN = replace(Formats(), residual_fraction=5)


@pytest.fixture
def folder(tmp_path):
    save_model(random_model(CONFIG, 1), tmp_path / "model")
    return tmp_path / "model"


def residual(model) -> int | None:
    return lower(model).vectors["x"].fraction


def test_lower_uses_the_stored_formats(folder):
    assert stored_formats(load_model(folder)) is None
    assert residual(load_model(folder)) == Formats().residual_fraction
    store_formats(load_model(folder), CHOSEN)
    model = load_model(folder)
    assert stored_formats(model) == CHOSEN
    assert residual(model) == 5
    assert lower(model, Formats()).vectors["x"].fraction == Formats().residual_fraction
    plain, chosen = lower(model, Formats()).parameters, lower(model).parameters
    np.testing.assert_allclose(
        chosen.embedding(3), plain.embedding(3) / 2.0**4, atol=0.51, rtol=0
    )


def test_a_copy_of_a_model_keeps_its_formats(folder, tmp_path):
    store_formats(load_model(folder), CHOSEN)
    save_model(load_model(folder), tmp_path / "copy")
    assert stored_formats(load_model(tmp_path / "copy")) == CHOSEN


def test_a_model_that_is_written_anew_has_no_old_formats(folder):
    store_formats(load_model(folder), CHOSEN)
    save_model(random_model(CONFIG, 2), folder)
    assert stored_formats(load_model(folder)) is None


@pytest.mark.parametrize("content", [
    b"",
    b"\xff\xfe",
    CHOSEN.to_json()[:-9].encode(),
    b"[18]",
    b"null",
    b'{"word_bits": 40}',
    b'{"residual": 5}',
    b'{"residual_fraction": "5"}',
    b'{"swish_fraction": 11}',
    b'{"residual_fraction": 37}',
])
def test_a_damaged_file_is_named(folder, content):
    (folder / FORMATS_FILE).write_bytes(content)
    write_manifest(folder, FORMAT)
    with pytest.raises(InputError, match=f"{FORMATS_FILE}: .*import the model again") as caught:
        lower(load_model(folder))
    assert str(caught.value).startswith(str(folder))


def test_formats_that_cannot_be_lowered_are_named(folder):
    steep = replace(Formats(), activation_fraction=8, state_fraction=8, swish_fraction=8,
                    up_fraction=3, product_fraction=3)
    store_formats(load_model(folder), steep)
    with pytest.raises(InputError, match=f"{FORMATS_FILE}: table sigmoid: too steep"):
        lower(load_model(folder))


def test_what_is_no_file_is_named(folder):
    model = load_model(folder)
    (folder / FORMATS_FILE).mkdir()
    with pytest.raises(InputError, match=f"{FORMATS_FILE}: cannot be read"):
        lower(model)
    with pytest.raises(InputError, match=f"{FORMATS_FILE}: is not part of this model"):
        store_formats(model, CHOSEN)


def test_a_model_in_memory_has_nowhere_to_keep_formats():
    model = random_model(CONFIG, 1)
    assert stored_formats(model) is None
    with pytest.raises(InputError, match="has no folder"):
        store_formats(model, CHOSEN)
