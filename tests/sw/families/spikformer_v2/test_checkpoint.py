"""Checkpoints with tensors named as in the authors' Spikformer; what is wrong is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from sterna.errors import InputError
from sterna.families.spikformer_v2.configuration import Configuration
from sterna.families.spikformer_v2.version import SPIKFORMER_V2
from sterna.families.spiking_transformer.checkpoint import read_checkpoint
from sterna.families.spiking_transformer.model import open_model
from sterna.families.spiking_transformer.random_model import random_tensors
from torch import Tensor

TINY = Configuration(image=16, width=16, convs=3, blocks=2, heads=2, classes=3, channels=2)
Tensors = dict[str, Tensor]
Command = Callable[..., Any]


def written(path: Path, change: Callable[[Tensors], Any] = lambda found: None) -> Path:
    """As a training script saves a model, which has layer norms that it does not use."""
    found = {name: value.float() for name, value in random_tensors(SPIKFORMER_V2, TINY, 0).items()}
    found |= {f"block.{block}.norm{index}.{part}": torch.ones(16) for block in range(2)
              for index in (1, 2) for part in ("weight", "bias")}
    found |= {name.replace("running_var", "num_batches_tracked"): torch.tensor(9)
              for name in found if name.endswith("running_var")}
    change(found)
    torch.save({"state_dict": {f"module.{name}": value for name, value in found.items()},
                "epoch": 3, "arch": "spikformer"}, path)
    return path


def test_a_checkpoint_is_imported(sterna: Command, tmp_path: Path) -> None:
    """Tensors and shape are those of the file, and nothing is said of maps, as there are none."""
    target = tmp_path / "net"
    told = sterna("import", written(tmp_path / "m.pth"), "-o", target, "--image-size", 16,
                  "--heads", 2)
    assert told.code == 0 and "maps" not in told.output
    assert "width 16, 3 stages of more convolutions, 2 blocks of attention, 3 cl" in told.output
    model = open_model(SPIKFORMER_V2, str(target))
    wanted = random_tensors(SPIKFORMER_V2, TINY, 0)
    assert model.configuration == TINY and model.input_fraction == 5 and not model.peaks
    assert {*model.tensors} == {*wanted}
    assert all(torch.equal(model.tensors[name], value.float().double())
               for name, value in wanted.items())
    assert "1 random images of 4 steps" in sterna("eval", target, "--samples", 1).output


def first_version(found: Tensors) -> None:
    found["patch_embed.rpe_conv.weight"] = torch.zeros(16, 16, 3, 3)


@pytest.mark.parametrize(("change", "message"), [
    (first_version, r"first version, whose stem pools spikes \(tensor patch_embed.rpe_conv.weight"),
    (lambda found: found.pop("block.0.attn.v_bn.bias"), "block.0.attn.v_bn.bias is missing"),
    (lambda found: found.update({"patch_embed.proj_conv.weight": torch.zeros(2, 2, 3, 3)}),
     r"proj_conv.weight has shape \[2, 2, 3, 3\], not \[2, 2, 2, 2\]"),
    (lambda found: found.update({"block.70.x": torch.zeros(1)}), "blocks is 71; it must be 1 to"),
    (lambda found: found.update({"pos_embed": torch.zeros(1)}),
     "pos_embed is not part of spikformer-v2 of width 16, 3 stages"),
])
def test_what_is_wrong_is_named(tmp_path: Path, change: Callable[[Tensors], Any], message: str
                                ) -> None:
    """In a line, with the file's name in front."""
    source = written(tmp_path / "m.pth", change)
    with pytest.raises(InputError, match=message) as refused:
        read_checkpoint(SPIKFORMER_V2, source, 16, 2)
    assert str(refused.value).startswith(str(source)) and "\n" not in str(refused.value)
