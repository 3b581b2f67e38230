"""Files of the authors' module become model folders; what is wrong is named."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sterna.errors import InputError
from sterna.families.bdh.checkpoint import FREQUENCIES, THEIRS
from sterna.families.bdh.layout import frequencies
from sterna.families.bdh.version import BDH
from sterna.families.registry import family_of, family_of_source
from sterna.families.requests import ImportRequest
from sterna.families.rwkv.model import open_model
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv.store import load_model
from sterna.options import Options
from sterna.progress import Report
from sterna.tasks.import_model import import_model

from tests.sw.families.bdh.authors import tensors
from tests.sw.families.bdh.case import BDH_CASE

CONFIG = BDH_CASE.shape("file")
DRAWN = random_model(BDH, CONFIG, 4)
Tensors = dict[str, torch.Tensor]
Change = Callable[[Tensors], Any]


def module() -> Tensors:
    """What the module saves, its constant too."""
    turns = torch.from_numpy(np.repeat(frequencies(CONFIG.neurons), 2)).float().view(1, 1, 1, -1)
    return tensors(DRAWN) | {FREQUENCIES: turns}


def compiled(found: Tensors) -> Tensors:
    """As of a compiled module."""
    return {f"_orig_mod.{name}": value for name, value in found.items()}


@pytest.mark.parametrize("named", ["bdh.pt", "bdh.pth", "bdh.safetensors", "compiled.pt",
                                   "trained.pt", "half.pt"])
def test_a_file_becomes_a_model(tmp_path: Path, named: str) -> None:
    """Of the same numbers, of as many layers as are told."""
    source, target, found = tmp_path / named, tmp_path / "model", module()
    if named.startswith("half"):
        found = {name: value.bfloat16() for name, value in found.items()}
    if named.endswith(".safetensors"):
        save_file(found, source)
    else:
        kept = compiled(found) if named.startswith("compiled") else found
        torch.save({"model": kept, "step": 3} if named.startswith("trained") else kept, source)
    assert family_of_source(str(source)).name == "bdh"
    told = import_model(ImportRequest(model=str(source), output=target,
                                      options=Options(layers=2, planes=4)))
    assert "planes 4; words of 18 bits" in told.lines[0]
    assert family_of(str(target)).name == "bdh"
    stored = load_model(target, BDH)
    assert stored.config == CONFIG
    for key in BDH.tensors(CONFIG):
        wanted = torch.from_numpy(np.array(DRAWN.tensor(key))).to(found["decoder"].dtype)
        assert np.array_equal(stored.tensor(key), wanted.float().numpy()), key


def test_layers_that_are_not_told_are_six(tmp_path: Path) -> None:
    torch.save(module(), tmp_path / "bdh.pt")
    import_model(ImportRequest(model=str(tmp_path / "bdh.pt"), output=tmp_path / "model"))
    assert load_model(tmp_path / "model", BDH).config.num_hidden_layers == 6


def without(name: str, found: Tensors) -> None:
    del found[name]


def changed(name: str, value: torch.Tensor, found: Tensors) -> None:
    found[name] = value


def refused(folder: Path, message: str, change: Change) -> None:
    found = module()
    change(found)
    torch.save(found, folder / "bdh.pt")
    with pytest.raises(InputError, match=message):
        import_model(ImportRequest(model=str(folder / "bdh.pt"), output=folder / "out",
                                   options=Options(layers=2)))
    assert not (folder / "out").exists()


def test_wrong_tensors_are_refused(tmp_path: Path) -> None:
    refused(tmp_path, "tensor lm_head is missing", partial(without, "lm_head"))
    refused(tmp_path, r"has no encoder \[heads, hidden, neurons\] and embed.weight",
            partial(without, THEIRS["emb.weight"]))
    for name, shape, message in (
            ("encoder_v", (2, 12, 6), r"has shape \[2, 12, 6\], not \[2, 12, 12\]"),
            ("decoder", (24, 10), r"has shape \[24, 10\], not \[24, 12\]"),
            ("lm_head", (30, 12), r"has shape \[30, 12\], not \[12, 30\]")):
        refused(tmp_path, f"tensor {name} {message}", partial(changed, name, torch.zeros(shape)))
    refused(tmp_path, "30 neurons are no pairs of 2 heads; give a multiple of 4",
            partial(changed, "encoder", torch.zeros(2, 12, 15)))
    refused(tmp_path, "tensor lm_gate is not part of an BDH of 2 layers",
            lambda found: found.update(lm_gate=torch.zeros(12, 1)))
    refused(tmp_path, "tensor decoder holds NaN", lambda found: found["decoder"].fill_(torch.nan))
    refused(tmp_path, "attn.freqs are no frequencies of pairs of 12 neurons with theta 65536",
            lambda found: found.update({FREQUENCIES: found[FREQUENCIES] / 2}))


def test_random_models_that_cannot_be() -> None:
    for more, message in (("intermediate=3", "'intermediate=3' is not a setting"),
                          *BDH_CASE.more):
        with pytest.raises(InputError, match=message):
            open_model(BDH, f"random:family=bdh,{more}", None, Report())
