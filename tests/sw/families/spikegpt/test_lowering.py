"""The program of a SpikeGPT against its float reference."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from sterna.errors import InputError
from sterna.families.registry import family_of, family_of_source
from sterna.families.requests import ImportRequest
from sterna.families.rwkv.calibration import random_ids
from sterna.families.rwkv.model import module_of
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv.store import load_model
from sterna.families.spikegpt.configuration import SpikeGptConfig
from sterna.families.spikegpt.lowering import Formats
from sterna.families.spikegpt.lowering.calibration import calibrate
from sterna.families.spikegpt.version import SPIKEGPT
from sterna.families.tokens.score import evaluate, reference_logits
from sterna.tasks.import_model import import_model

CONFIG = SpikeGptConfig(97, 60, 3, 100, None, None)
MODEL = random_model(SPIKEGPT, CONFIG, 2)
IDS = torch.from_numpy(np.random.default_rng(1).integers(0, 97, (4, 24)))


@cache
def formats() -> Formats:
    return calibrate(MODEL, random_ids(CONFIG)).formats


@pytest.mark.parametrize("planes, most", [(8, 0.209), (5, 0.239), (3, 0.340)])
def test_planes_cost_what_is_known(planes: int, most: float) -> None:
    """spec/families.md 2: codes alone .209, and with five and three planes; a spike more or less is
    much, so here within half as much again."""
    exact = reference_logits(module_of(MODEL), IDS)
    program = SPIKEGPT.lower(MODEL, formats=formats().with_planes(planes))
    golden = evaluate(program, IDS).float()
    error = float((golden - exact).square().mean().sqrt() / exact.std())
    assert most / 3 < error < 1.5 * most


def test_formats_that_neurons_cannot_have_are_refused() -> None:
    with pytest.raises(InputError, match="drive_fraction holds 16; neurons need at most 15"):
        Formats(drive_fraction=16)
    kept = replace(formats(), drive_fraction=9)
    assert Formats.from_json(kept.to_json()) == kept


def test_a_file_is_a_spikegpt_where_it_is_said_to_be(tmp_path: Path) -> None:
    """Its tensors are those of an RWKV-4, whose family takes it without the word."""
    drawn = random_model(SPIKEGPT, SpikeGptConfig(30, 12, 2, 48), 4)
    tensors = {key: torch.from_numpy(np.array(drawn.tensor(key)))
               for key in SPIKEGPT.tensors(drawn.config)}
    file, target = tmp_path / "model.pth", tmp_path / "model"
    torch.save(tensors, file)
    assert family_of_source(str(file)).name == "rwkv4"
    import_model(ImportRequest(model=f"spikegpt:{file}", output=target))
    assert family_of(str(target)).name == "spikegpt"
    stored = load_model(target, SPIKEGPT)
    assert stored.config == drawn.config
    for key, value in tensors.items():
        assert np.array_equal(stored.tensor(key), value.numpy()), key
    torch.save(tensors | {"blocks.0.att.w0": torch.zeros(1)}, file)
    for model, message in (("nothing.pth", "nothing.pth: file not found"), ("", "names no file"),
                           (str(file), "is of an RWKV-7, not of a SpikeGPT; Sterna reads")):
        with pytest.raises(InputError, match=message):
            import_model(ImportRequest(model=f"spikegpt:{model}", output=tmp_path / "more"))
