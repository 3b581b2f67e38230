"""Random models have the formats that `import` chooses, from 32 ids; shipped ones their own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sterna.families.matmul_free import released_shapes
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.lowering import Formats, lower, stored_formats
from sterna.families.matmul_free.lowering.calibration import calibrate, random_ids
from sterna.families.matmul_free.model import open_model, open_random, open_shape
from sterna.progress import Report

RANDOM = "random:hidden=64,layers=2,intermediate=96,vocabulary=97,seed=3"


def test_a_random_model():
    model = open_model(RANDOM).model
    formats = calibrate(model, random_ids(model.config, 32)).formats
    assert stored_formats(model) == formats != Formats()
    assert lower(model).vectors["x"].fraction == formats.residual_fraction


def test_a_released_shape(monkeypatch):
    small = ModelConfig(hidden_size=64, num_hidden_layers=2, intermediate_size=96, vocab_size=70)
    monkeypatch.setitem(released_shapes.SHAPES, "small", small)
    opened = open_random("small", 0, Report())
    formats = calibrate(opened.model, random_ids(small, 32)).formats
    assert stored_formats(opened.model) == formats != Formats()
    folder = opened.model.folder
    assert folder is not None and folder.is_dir()
    opened.close()
    assert not folder.exists()


def test_nobody_reads_weights_for_an_estimate(monkeypatch):
    calibration = "sterna.families.matmul_free.lowering.calibration.Calibration"
    monkeypatch.setattr(f"{calibration}.__init__", None)
    assert stored_formats(open_model(RANDOM, calibrated=False).model) is None
    assert stored_formats(open_shape("2.7b").model) is None


@pytest.mark.parametrize("name, formats", [
    ("demo", None), ("demo-tiny", replace(Formats.default(16), gain_bits=13)),
])
def test_shipped_models(name, formats):
    assert stored_formats(open_model(name).model) == formats
