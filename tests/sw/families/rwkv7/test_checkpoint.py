"""Checkpoints of RWKV-7 as they are released become model folders; what is wrong is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sterna.errors import InputError
from sterna.families.registry import family_of, family_of_source
from sterna.families.requests import ImportRequest
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv.store import load_model
from sterna.families.rwkv7.configuration import Rwkv7Config
from sterna.families.rwkv7.layout import all_tensors
from sterna.families.rwkv7.version import RWKV7
from sterna.options import Options
from sterna.tasks.import_model import import_model

CONFIG = Rwkv7Config(vocab_size=30, hidden_size=12, num_hidden_layers=2, intermediate_size=20,
                     head_size=6, decay_rank=5, rate_rank=4, value_rank=3,
                     gate_rank=7)
MODEL = random_model(RWKV7, CONFIG, 4)
Tensors = dict[str, torch.Tensor]


def tensors() -> Tensors:
    return {key: torch.from_numpy(np.array(MODEL.tensor(key))).bfloat16()
            for key in all_tensors(CONFIG)}


def as_pth(folder: Path, change: Callable[[Tensors], Any] = lambda found: None) -> Path:
    found = tensors()
    change(found)
    torch.save(found, folder / "model.pth")
    return folder / "model.pth"


def as_safetensors(folder: Path) -> Path:
    save_file(tensors(), folder / "model.safetensors")
    return folder / "model.safetensors"


@pytest.mark.parametrize("write", [as_pth, as_safetensors])
def test_a_checkpoint_becomes_a_folder(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    """Of the same numbers, read by this family, in the formats that the command asks for."""
    source, target = write(tmp_path), tmp_path / "model"
    assert family_of_source(str(source)).name == "rwkv7"
    told = import_model(ImportRequest(model=str(source), output=target, options=Options(planes=4)))
    assert "planes 4; words of 18 bits" in told.lines[0]
    assert family_of(str(target)).name == "rwkv7"
    stored = load_model(target, RWKV7)
    assert stored.config == CONFIG
    for key, value in tensors().items():
        assert np.array_equal(stored.tensor(key), value.float().numpy()), key


def test_the_first_layer_s_share_of_its_own_values_is_not_read(tmp_path: Path) -> None:
    """Some files have it."""
    def more(found: Tensors) -> None:
        for part in "012":
            found[f"blocks.0.att.v{part}"] = found[f"blocks.1.att.v{part}"]

    source, target = as_pth(tmp_path, more), tmp_path / "model"
    import_model(ImportRequest(model=str(source), output=target))
    assert load_model(target, RWKV7).config == CONFIG


def drop(name: str) -> Callable[[Tensors], Any]:
    return lambda found: found.pop(name)


def put(name: str, value: Any) -> Callable[[Tensors], Any]:
    return lambda found: found.update({name: value})


@pytest.mark.parametrize("change, message", [
    (drop("blocks.1.att.key.weight"), "tensor blocks.1.att.key.weight is missing"),
    (drop("blocks.0.att.r_k"), "has no tensors of an RWKV-7 .blocks.0.att.r_k: 2"),
    (put("blocks.0.att.r_k", torch.zeros(2, 5)), "hidden_size 12 is no multiple of head_size 5"),
    (put("blocks.1.ffn.key.weight", torch.zeros(20, 13)), r"has shape \[20, 13\], not \[20, 12\]"),
    (put("blocks.1.more", torch.zeros(1)), "tensor blocks.1.more is not part of an RWKV-7 of 2"),
    (drop("blocks.1.att.v1"), "tensor blocks.1.att.v1 is missing"),
    (put("_strategy", "cpu fp32"), "holds _strategy: the package `rwkv` has converted it"),
    (put("ln_out.bias", torch.full((12,), torch.nan)), "ln_out.bias holds NaN or infinity"),
])
def test_wrong_files_are_refused(tmp_path: Path, change: Any, message: str) -> None:
    source = as_pth(tmp_path, change)
    with pytest.raises(InputError, match=message):
        import_model(ImportRequest(model=str(source), output=tmp_path / "model"))
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("more, message", [
    ("heads=3", "hidden 128 is no multiple of heads 3"), ("heads=0", "no multiple of heads 0"),
    ("gate_rank=0", "gate_rank is 0; it must be a whole number from 1"),
    ("rank=3", "'rank=3' is not a setting")])
def test_random_models_that_cannot_be(more: str, message: str) -> None:
    from sterna.families.rwkv.model import open_model
    from sterna.progress import Report

    with pytest.raises(InputError, match=message):
        open_model(RWKV7, f"random:family=rwkv7,{more}", None, Report())
