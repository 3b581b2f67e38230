"""The program of an RWKV-4 against its float reference, by planes, digits and shapes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sterna.errors import InputError
from sterna.families.rwkv.calibration import random_ids
from sterna.families.rwkv.model import module_of
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv4.configuration import RwkvConfig
from sterna.families.rwkv4.layout import MATRICES
from sterna.families.rwkv4.lowering import Formats
from sterna.families.rwkv4.lowering.calibration import calibrate
from sterna.families.rwkv4.version import RWKV4
from sterna.families.tokens.score import evaluate, reference_logits

CONFIG = RwkvConfig(97, 60, 3, 100, None, None)
MODEL = random_model(RWKV4, CONFIG, 2)
IDS = torch.from_numpy(np.random.default_rng(1).integers(0, 97, (4, 32)))
TWO = dict.fromkeys(MATRICES, 2)


def error(model: RwkvModel, formats: Formats) -> float:
    """Of the logits: rms over their standard deviation."""
    exact = reference_logits(module_of(model), IDS)
    golden = evaluate(RWKV4.lower(model, formats=formats), IDS).float()
    return float((golden - exact).square().mean().sqrt() / exact.std())


@pytest.fixture(scope="module")
def formats() -> Formats:
    return calibrate(MODEL, random_ids(CONFIG)).formats


@pytest.mark.parametrize("planes, most", [(8, 0.011), (5, 0.014), (4, 0.031), (3, 0.091)])
def test_planes_cost_what_is_known(formats: Formats, planes: int, most: float) -> None:
    """spec/families.md 2: codes alone .011, and with five, four and three planes; each more than
    the next, and here within half as much again, in a narrow model."""
    assert most / 3 < error(MODEL, formats.with_planes(planes)) < 1.5 * most


def test_a_second_digit_takes_the_error_of_codes_away(formats: Formats) -> None:
    """All but that of the head."""
    fine = formats.with_planes(8)
    assert error(MODEL, replace(fine, digits=TWO)) < 0.9 * error(MODEL, fine)


def test_default_formats_suit_a_model_whose_values_are_near_one() -> None:
    assert error(MODEL, Formats()) < 0.03


@pytest.mark.parametrize("scale, name", [(30.0, "att.key.weight"), (0.05, "att.value.weight"),
                                         (20.0, "ffn.key.weight"), (4.0, "ln1.weight")])
def test_calibration_follows_the_values(scale: float, name: str) -> None:
    """Of a model some of whose values are many times as large, or small."""
    def tensor(key: str) -> np.ndarray:
        return MODEL.tensor(key) * np.float32(scale if key.endswith(name) else 1)

    model = replace(MODEL, tensor=tensor)
    found = calibrate(model, random_ids(CONFIG))
    assert found.concerns == []
    assert error(model, found.formats) < 0.05


def test_calibration_refuses_what_is_no_text() -> None:
    with pytest.raises(InputError, match="at least one token"):
        calibrate(MODEL, [])
    with pytest.raises(InputError, match="token 97 is outside the vocabulary of 97"):
        calibrate(MODEL, [1, 97])


def test_values_that_no_words_hold_are_told() -> None:
    def tensor(key: str) -> np.ndarray:
        return MODEL.tensor(key) * np.float32(1e6 if key.endswith("att.value.weight") else 1)

    found = calibrate(replace(MODEL, tensor=tensor), random_ids(CONFIG))
    assert any(line.startswith("value values reach") for line in found.concerns)


def test_formats_are_kept(formats: Formats) -> None:
    assert Formats.from_json(formats.to_json()) == formats
    assert Formats.from_json(formats.with_planes(3).to_json()).planes["down"] == 3


@pytest.mark.parametrize("text, message", [
    ("[]", "not readable"), ('{"planes": {"nothing": 1}}', "planes must be numbers of key"),
    ('{"planes": {"key": 9}}', "planes holds 9; it must be a whole number from 1 to 8"),
    ('{"digits": {"head": 2}}', "the codes of head have one digit"),
    ('{"digits": {"key": true}}', "digits holds True"),
    ('{"reaches": {"key": -1}}', "reaches holds -1"),
    ('{"gain_fraction": 10}', "gain_fraction must be a multiple of 4"),
    ('{"log_fraction": 40}', "log_fraction holds 40"), ('{"nothing": 1}', "not readable"),
])
def test_formats_that_mean_nothing_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Formats.from_json(text)
