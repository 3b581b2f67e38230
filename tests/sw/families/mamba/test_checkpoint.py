"""Folders of transformers' Mamba become model folders; what is wrong is named."""

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
from sterna.families.mamba.configuration import MambaConfig
from sterna.families.mamba.family import Mamba
from sterna.families.mamba.version import MAMBA
from sterna.families.registry import family_of, family_of_source
from sterna.families.requests import ImportRequest
from sterna.families.rwkv.model import open_model
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv.store import load_model
from sterna.options import Options
from sterna.progress import Report
from sterna.tasks.import_model import import_model

from tests.sw.families.mamba.authors import settings, tensors, theirs
from tests.sw.families.mamba.case import MAMBA_CASE

CONFIG = MAMBA_CASE.shape("file")
DRAWN = random_model(MAMBA, CONFIG, 4)
Change = Callable[[dict[str, torch.Tensor]], Any]


def folder_of(folder: Path, change: Change = lambda found: None, **more: Any) -> Path:
    """As transformers saves one."""
    folder.mkdir(exist_ok=True)
    found = {key: value.bfloat16() for key, value in tensors(DRAWN).items()}
    change(found)
    save_file(found, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(
        {"model_type": "mamba", **settings(CONFIG), **more}))
    return folder


def rounded(key: str) -> np.ndarray:
    return torch.from_numpy(np.array(DRAWN.tensor(key))).bfloat16().float().numpy()


def test_a_folder_becomes_a_model(tmp_path: Path) -> None:
    """Of the same numbers, read by this family, in the formats that the command asks for."""
    source, target = folder_of(tmp_path / "source"), tmp_path / "model"
    assert family_of_source(str(source)).name == "mamba"
    told = import_model(ImportRequest(model=str(source), output=target, options=Options(planes=4)))
    assert "planes 4; words of 18 bits" in told.lines[0]
    assert family_of(str(target)).name == "mamba"
    stored = load_model(target, MAMBA)
    assert stored.config == CONFIG
    for key in MAMBA.tensors(CONFIG):
        assert np.array_equal(stored.tensor(key), rounded(key)), key


def without(name: str, found: dict[str, torch.Tensor]) -> None:
    del found[name]


@pytest.mark.parametrize("more", [{"tie_word_embeddings": True}, {}])
def test_a_tied_head_is_the_embedding(tmp_path: Path, more: dict[str, Any]) -> None:
    """As in files of the authors' sizes, whose config.json need not say so."""
    folder = folder_of(tmp_path, partial(without, "lm_head.weight"))
    values = json.loads((folder / "config.json").read_text())
    del values["tie_word_embeddings"]
    (folder / "config.json").write_text(json.dumps(values | more))
    model = Mamba().open_checkpoint(folder)
    assert np.array_equal(model.tensor("head.weight"), rounded("emb.weight"))


def test_ranks_and_channels_that_are_not_told(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, time_step_rank="auto")
    assert Mamba().open_checkpoint(folder).config == CONFIG
    assert MambaConfig(hidden_size=770).step_rank == 49
    assert MambaConfig().intermediate_size == 1536


def refused(folder: Path, message: str, change: Change = lambda found: None, **more: Any) -> None:
    source = folder_of(folder, change, **more)
    with pytest.raises(InputError, match=message):
        import_model(ImportRequest(model=str(source), output=folder / "out"))
    assert not (folder / "out").exists()


def test_wrong_tensors_are_refused(tmp_path: Path) -> None:
    for key in MAMBA.tensors(CONFIG):
        lost = theirs(key)
        refused(tmp_path, f"tensor {lost} is missing", partial(without, lost))
    name = theirs("blocks.1.att.A_log")
    refused(tmp_path, rf"tensor {name} has shape \[2, 2\], not \[24, 4\]",
            lambda found: found.update({name: torch.zeros(2, 2)}))
    refused(tmp_path, "tensor more is not part of an Mamba of 2 layers",
            lambda found: found.update(more=torch.zeros(1)))
    refused(tmp_path, f"{name} holds NaN", lambda found: found[name].fill_(torch.nan))


@pytest.mark.parametrize(("more", "message"), [
    ({"conv_kernel": 3}, "conv_kernel is 3; Mamba has 4"),
    ({"use_bias": True}, "use_bias is True; Mamba has False"),
    ({"use_conv_bias": False}, "use_conv_bias is False; Mamba has True"),
    ({"hidden_act": "gelu"}, "hidden_act is 'gelu'; Mamba has 'silu'"),
    ({"expand": "twice"}, "hidden_size and expand must be numbers"),
    ({"state_size": 0}, "state_size is 0; it must be a whole number from 1 to 64"),
    ({"time_step_rank": "most"}, "step_rank is 'most'; it must be a whole number"),
    ({"layer_norm_epsilon": 0}, "norm_eps is 0; it must be a number from"),
    ({"expand": 3}, r"in_proj.weight has shape \[48, 12\], not \[72, 12\]"),
])
def test_wrong_settings_are_refused(
    tmp_path: Path, more: dict[str, Any], message: str
) -> None:
    refused(tmp_path, message, **more)


def test_random_models_that_cannot_be() -> None:
    for more, message in (("heads=3", "'heads=3' is not a setting"), *MAMBA_CASE.more):
        with pytest.raises(InputError, match=message):
            open_model(MAMBA, f"random:family=mamba,{more}", None, Report())
