"""Checkpoints as the authors' scripts save them, with what their modules have beside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from sterna.errors import InputError
from sterna.families.qsd.configuration import Configuration
from sterna.families.qsd.version import QSD
from sterna.families.registry import family_of_source
from sterna.families.spiking_transformer.checkpoint import read_checkpoint
from sterna.families.spiking_transformer.model import open_model
from sterna.families.spiking_transformer.random_model import random_tensors
from torch import Tensor

TINY = Configuration(image=16, width=4, convs=1, third=1, fourth=0, heads=2, classes=3)
Tensors = dict[str, Tensor]
Command = Callable[..., Any]


def written(path: Path, change: Callable[[Tensors], Any] = lambda found: None) -> Path:
    found = {name: value.float() for name, value in random_tensors(QSD, TINY, 0).items()}
    for name in [*found]:
        if name.endswith(".alpha"):
            module = name.removesuffix(".alpha")
            found[f"{module}.init_state"] = torch.ones(1)
            found |= {f"{module}.act.{part}": torch.zeros(2)
                      for part in ("alpha", "zero_point", "init_state", "signed")}
    change(found)
    torch.save({"model": found, "epoch": 9}, path)
    return path


def test_a_checkpoint_is_imported(sterna: Command, tmp_path: Path) -> None:
    """By this family, not by that whose layers it has."""
    source, target = written(tmp_path / "m.pth"), tmp_path / "net"
    assert family_of_source(str(source)).name == "qsd"
    told = sterna("import", source, "-o", target, "--image-size", 16, "--heads", 2)
    assert told.code == 0 and "width 4, 1 blocks of convolutions, 1 and 0 of att" in told.output
    model, wanted = open_model(QSD, str(target)), random_tensors(QSD, TINY, 0)
    assert model.configuration == TINY and {*model.tensors} == {*wanted}
    assert all(torch.equal(model.tensors[name], value.float().double())
               for name, value in wanted.items())
    assert "1 random images of 4 steps" in sterna("eval", target, "--samples", 1).output


@pytest.mark.parametrize(("name", "value", "message"), [
    ("head.alpha", torch.zeros(3), "tensor head.alpha holds steps that are not above 0"),
    ("head.alpha", torch.ones(4), r"head.alpha has shape \[4\], not \[3\]"),
    ("block3.0.layer_scale3", torch.ones(16), "layer_scale3 is not part of qsd of width 4"),
    ("head_kd.weight", torch.ones(3, 16), "head_kd.weight is not part of qsd"),
    ("downsample2.encode_bn.running_var", torch.full((8,), -1.0), "variances below 0"),
])
def test_what_is_wrong_is_named(tmp_path: Path, name: str, value: Tensor, message: str) -> None:
    """In a line, with the file's name in front."""
    source = written(tmp_path / "m.pth", lambda found: found.update({name: value}))
    with pytest.raises(InputError, match=message) as refused:
        read_checkpoint(QSD, source, 16, 2)
    assert str(refused.value).startswith(str(source))
