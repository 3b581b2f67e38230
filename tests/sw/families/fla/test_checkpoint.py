"""Folders of flash-linear-attention become model folders; what is wrong is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sterna.errors import InputError
from sterna.families.registry import family_of, family_of_source
from sterna.families.requests import ImportRequest
from sterna.families.rwkv.model import open_model
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv.store import load_model
from sterna.options import Options
from sterna.progress import Report
from sterna.tasks.import_model import import_model

from tests.sw.families.fla.authors import settings, tensors, theirs
from tests.sw.families.fla.cases import CASES, FlaCase

every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def folder_of(case: FlaCase, folder: Path,
              change: Callable[[dict[str, torch.Tensor]], Any] = lambda found: None,
              **more: Any) -> Path:
    """As the package saves one."""
    folder.mkdir(exist_ok=True)
    model = random_model(case.version, case.shape("file"), 4)
    found = {key: value.bfloat16() for key, value in tensors(case, model).items()}
    change(found)
    save_file(found, folder / "model.safetensors")
    values = {"model_type": case.types, **settings(case, model.config),
              **case.of_file, **more}
    (folder / "config.json").write_text(json.dumps(values))
    return folder


@every
def test_a_folder_becomes_a_model(case: FlaCase, tmp_path: Path) -> None:
    """Of the same numbers, read by this family, in the formats that the command asks for."""
    source, target = folder_of(case, tmp_path / "source"), tmp_path / "model"
    assert family_of_source(str(source)).name == case.name
    told = import_model(ImportRequest(model=str(source), output=target, options=Options(planes=4)))
    assert "planes 4; words of 18 bits" in told.lines[0]
    assert family_of(str(target)).name == case.name
    stored, drawn = load_model(target, case.version), random_model(
        case.version, case.shape("file"), 4)
    assert stored.config == case.shape("file")
    for key in case.version.tensors(stored.config):
        wanted = torch.from_numpy(np.array(drawn.tensor(key))).bfloat16().float().numpy()
        assert np.array_equal(stored.tensor(key), wanted), key


def refused(case: FlaCase, folder: Path, message: str,
            change: Callable[[dict[str, torch.Tensor]], Any] = lambda found: None,
            **more: Any) -> None:
    source = folder_of(case, folder, change, **more)
    with pytest.raises(InputError, match=message):
        import_model(ImportRequest(model=str(source), output=folder / "out"))
    assert not (folder / "out").exists()


def _without(name: str, found: dict[str, torch.Tensor]) -> None:
    del found[name]


@every
def test_wrong_tensors_are_refused(case: FlaCase, tmp_path: Path) -> None:
    name = theirs(case, "blocks.1.att.q_proj.weight")
    for key in ("emb.weight", "blocks.0.ln1.weight", "blocks.1.att.norm.weight", "ln_out.weight"):
        lost = theirs(case, key)
        refused(case, tmp_path, f"tensor {lost} is missing", partial(_without, lost))
    refused(case, tmp_path, rf"tensor {name} has shape \[2, 2\], not",
            lambda found: found.update({name: torch.zeros(2, 2)}))
    refused(case, tmp_path, f"tensor more is not part of an? {case.version.title} of 2 layers",
            lambda found: found.update(more=torch.zeros(1)))
    refused(case, tmp_path, "NaN", lambda found: found[name].fill_(torch.nan))


@every
def test_wrong_settings_are_refused(case: FlaCase, tmp_path: Path) -> None:
    for more, message in (
            *case.refused, ({"hidden_act": "relu"}, "hidden_act is 'relu'; .* has 'swish'"),
            ({"tie_word_embeddings": True}, "tie_word_embeddings is True"),
            ({"attn": {"layers": [1]}}, "attn is"),
            ({"norm_eps": 0}, "norm_eps is 0; it must be a number from"),
            ({"vocab_size": None}, "vocab_size is None; it must be a whole number")):
        refused(case, tmp_path, message, **more)


@every
def test_inner_channels_are_counted_where_none_are_told(case: FlaCase, tmp_path: Path) -> None:
    """Whole groups of 256: the file has others."""
    refused(case, tmp_path, r"mlp.gate_proj.weight has shape \[20, 12\], not \[256, 12\]",
            intermediate_size=None)


@every
def test_random_models_that_cannot_be(case: FlaCase) -> None:
    for more, message in (("rank=3", "'rank=3' is not a setting"), *case.more):
        with pytest.raises(InputError, match=message):
            open_model(case.version, f"random:family={case.name},{more}", None, Report())
