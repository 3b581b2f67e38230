"""Checkpoints of versions of matrix states become model folders; what is wrong is named."""

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
from sterna.families.rwkv.model import open_model
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv.store import load_model
from sterna.options import Options
from sterna.progress import Report
from sterna.tasks.import_model import import_model

from tests.sw.families.rwkv.headed import CASES, Case

Tensors = dict[str, torch.Tensor]
every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def tensors(case: Case) -> Tensors:
    model = random_model(case.version, case.shape("file"), 4)
    return {key: torch.from_numpy(np.array(model.tensor(key))).bfloat16()
            for key in case.version.tensors(model.config)}


def as_pth(case: Case, folder: Path, change: Callable[[Tensors], Any] = lambda found: None
           ) -> Path:
    found = tensors(case)
    change(found)
    torch.save(found, folder / "model.pth")
    return folder / "model.pth"


def as_safetensors(case: Case, folder: Path) -> Path:
    save_file(tensors(case), folder / "model.safetensors")
    return folder / "model.safetensors"


@every
@pytest.mark.parametrize("write", [as_pth, as_safetensors])
def test_a_checkpoint_becomes_a_folder(case: Case, tmp_path: Path,
                                       write: Callable[[Case, Path], Path]) -> None:
    """Of the same numbers, read by this family, in the formats that the command asks for."""
    source, target = write(case, tmp_path), tmp_path / "model"
    assert family_of_source(str(source)).name == case.name
    told = import_model(ImportRequest(model=str(source), output=target, options=Options(planes=4)))
    assert "planes 4; words of 18 bits" in told.lines[0]
    assert family_of(str(target)).name == case.name
    stored = load_model(target, case.version)
    assert stored.config == case.shape("file")
    for key, value in tensors(case).items():
        assert np.array_equal(stored.tensor(key), value.float().numpy()), key


def test_the_first_layer_s_share_of_its_own_values_is_not_read(tmp_path: Path) -> None:
    """Some files of RWKV-7 have it."""
    def more(found: Tensors) -> None:
        for part in "012":
            found[f"blocks.0.att.v{part}"] = found[f"blocks.1.att.v{part}"]

    case = CASES["RWKV-7"]
    source, target = as_pth(case, tmp_path, more), tmp_path / "model"
    import_model(ImportRequest(model=str(source), output=target))
    assert load_model(target, case.version).config == case.shape("file")


def drop(name: str) -> Callable[[Tensors], Any]:
    return lambda found: found.pop(name)


def put(name: str, value: Any) -> Callable[[Tensors], Any]:
    return lambda found: found.update({name: value})


def refused(case: Case, folder: Path, change: Any, message: str) -> None:
    source = as_pth(case, folder, change)
    with pytest.raises(InputError, match=message):
        import_model(ImportRequest(model=str(source), output=folder / "model"))
    assert not (folder / "model").exists()


@every
@pytest.mark.parametrize("change, message", [
    (drop("blocks.1.att.key.weight"), "tensor blocks.1.att.key.weight is missing"),
    (put("blocks.1.ffn.key.weight", torch.zeros(20, 13)), r"has shape \[20, 13\], not \[20, 12\]"),
    (put("blocks.1.more", torch.zeros(1)), "tensor blocks.1.more is not part of an RWKV-.* of 2"),
    (put("_strategy", "cpu fp32"), "holds _strategy: the package `rwkv` has converted it"),
    (put("ln_out.bias", torch.full((12,), torch.nan)), "ln_out.bias holds NaN or infinity"),
])
def test_wrong_files_are_refused(case: Case, tmp_path: Path, change: Any, message: str) -> None:
    refused(case, tmp_path, change, message)


@every
def test_wrong_heads_are_refused(case: Case, tmp_path: Path) -> None:
    name = f"blocks.0.{case.bonus}"
    refused(case, tmp_path, drop(name), f"has no tensors of an {case.version.title} .{name}: 2")
    refused(case, tmp_path, put(name, torch.zeros(2, 5)),
            "hidden_size 12 is no multiple of head_size 5")


@pytest.mark.parametrize("title, change, message", [
    ("RWKV-5.2", put("blocks.0.att.time_decay", torch.zeros(2)),  # as RWKV-5.1 has it
     "has no tensors of an RWKV-5.2 .blocks.0.att.time_decay: 2 dimensions"),
    ("RWKV-5.2", put("blocks.1.att.time_first", torch.zeros(2, 6)),
     "tensor blocks.1.att.time_first is not part of an RWKV-5.2 of 2"),
    ("RWKV-6", put("blocks.0.att.gate.weight", torch.zeros(1)),
     "tensor blocks.0.att.gate.weight has shape"),
    ("RWKV-7", drop("blocks.1.att.v1"), "tensor blocks.1.att.v1 is missing"),
])
def test_what_is_wrong_with_one_version(
    title: str, change: Any, message: str, tmp_path: Path
) -> None:
    refused(CASES[title], tmp_path, change, message)


@every
def test_random_models_that_cannot_be(case: Case) -> None:
    usual = (
        ("heads=3", "hidden 128 is no multiple of heads 3"),
        ("heads=0", "no multiple of heads 0"),
        ("rank=3", "'rank=3' is not a setting"),
    )
    for more, message in (*usual, *case.more):
        with pytest.raises(InputError, match=message):
            open_model(case.version, f"random:family={case.name},{more}", None, Report())
