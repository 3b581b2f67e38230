"""Checkpoints in the layouts of the authors' training scripts; what is wrong is named."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sterna.errors import InputError
from sterna.families.sdt_v2.configuration import Configuration
from sterna.families.sdt_v2.family import SdtV2
from sterna.families.sdt_v2.reference import Reference
from sterna.families.sdt_v2.version import SDT_V2
from sterna.families.spiking_transformer.checkpoint import read_checkpoint
from sterna.families.spiking_transformer.evaluate import agreement
from sterna.families.spiking_transformer.lowering import reached
from sterna.families.spiking_transformer.model import open_model
from sterna.families.spiking_transformer.random_model import drawn, images, random_tensors
from torch import Tensor

SMALL = Configuration(image=32, width=8, convs=1, third=1, fourth=0, heads=2, classes=5)
TINY = Configuration(image=16, width=2, convs=4, third=2, fourth=1, heads=2, classes=3, channels=2)
Tensors = dict[str, Tensor]
Change = Callable[[Tensors], Any]
Command = Callable[..., Any]


def state(tensors: Tensors) -> Tensors:
    """As of modules, with what batch norms count."""
    made = {name: value.abs() if name.endswith("running_var") else value
            for name, value in tensors.items()}
    made = {name: value.float() for name, value in made.items()}
    return made | {name.replace("running_var", "num_batches_tracked"): torch.tensor(9)
                   for name in made if name.endswith("running_var")}


def with_training(tensors: Tensors) -> dict[str, Any]:
    """As `misc.save_model` of the authors."""
    return {"model": tensors, "optimizer": {"state": {0: {"exp_avg": torch.zeros(3)}},
                                            "param_groups": [{"lr": 1e-3, "params": [0]}]},
            "epoch": 199, "scaler": {}, "args": argparse.Namespace(lr=1e-3, kd=True, resume=None)}


def written(path: Path, change: Change = lambda found: None) -> Path:
    found = state(drawn(SDT_V2, TINY, 0))
    change(found)
    torch.save(found, path)
    return path


def test_a_checkpoint_is_imported(sterna: Command, tmp_path: Path) -> None:
    """Reference and integers agree as with the random weights that it holds, and so does the
    machine with its golden."""
    source, target = tmp_path / "checkpoint-199.pth", tmp_path / "net"
    tensors = random_tensors(SDT_V2, SMALL, 3)
    torch.save(with_training(state(tensors)), source)
    told = sterna("import", source, "-o", target, "--image-size", 32, "--heads", 2)
    assert told.code == 0 and "1 blocks of convolutions, 1 and 0 of attention, 5" in told.output
    model = open_model(SDT_V2, str(target))
    assert model.configuration == SMALL and model.network.input_fraction == 5
    assert all(torch.equal(model.tensors[name], value.float().double())
               for name, value in tensors.items())
    found = agreement(model, 3, 2)
    assert found.layers_rms < 0.02 and found.mean("layer") > 0.99
    verified = sterna("verify", target, "--steps", 1, "--device", "emulator")
    assert verified.code == 0 and "no difference" in verified.output


@pytest.mark.parametrize("wrap", [
    lambda found: found, lambda found: {"state_dict": found, "epoch": 3}, with_training,
    lambda found: with_training({f"module.{name}": value for name, value in found.items()}),
], ids=["alone", "state_dict", "model", "DataParallel"])
def test_layouts(tmp_path: Path, wrap: Callable[[Tensors], Any]) -> None:
    """Layers, widths and classes are in names and shapes."""
    torch.save(wrap(state(drawn(SDT_V2, TINY, 0))), tmp_path / "m.pth")
    assert SdtV2().takes(str(tmp_path / "m.pth"))
    found = read_checkpoint(SDT_V2, tmp_path / "m.pth", 16, 2)
    assert found.configuration == TINY and not found.distilled
    assert set(found.tensors) == set(TINY.shapes())


def test_of_a_distilled_model_classes_are_the_mean(tmp_path: Path) -> None:
    """Of both maps, as the authors evaluate."""
    def more(found: Tensors) -> None:
        for part in ("weight", "bias"):
            found[f"head_kd.{part}"] = 3 * found[f"head.{part}"]

    source = written(tmp_path / "m.pth", more)
    plain = read_checkpoint(SDT_V2, written(tmp_path / "plain.pth"), 16, 2).tensors
    found = read_checkpoint(SDT_V2, source, 16, 2)
    assert found.distilled and torch.allclose(found.tensors["head.weight"],
                                              2 * plain["head.weight"])


def test_frames_say_what_maps_reach(sterna: Command, tmp_path: Path) -> None:
    """Those of a file, in codes that suit it; ones of another size are refused before anything is
    written."""
    source = written(tmp_path / "m.pth")
    frames = np.random.default_rng(0).normal(0, 30, (2, 5, 2, 16, 16))
    np.save(tmp_path / "frames.npy", frames)
    words = ("import", source, "--heads", 2, "--calibrate", tmp_path / "frames.npy", "-o")
    wrong = sterna(*words, tmp_path / "wrong", "--image-size", 32)
    assert wrong.code == 2 and "the network takes [steps, 2048]" in wrong.errors
    for change, message in ((0.0, "holds nothing but zeros"), (1e300, "(5119 of them to 0)")):
        np.save(tmp_path / "frames.npy", np.where(frames == frames.max(), change, frames * (
            change > 0)))
        wrong = sterna(*words, tmp_path / "wrong", "--image-size", 16)
        assert wrong.code == 2 and message in wrong.errors and "normalised" in wrong.errors
    assert not (tmp_path / "wrong").exists()
    np.save(tmp_path / "frames.npy", frames)
    told = sterna(*words, tmp_path / "net", "--image-size", 16)
    assert told.code == 0 and "5 samples of" in told.output and "have 0 fraction" in told.output
    model = open_model(SDT_V2, str(tmp_path / "net"))
    expected = reached(Reference(TINY, model.tensors), torch.from_numpy(
        np.clip(np.rint(frames), -127, 127)))
    assert model.input_fraction == 0 and set(expected) == set(TINY.maps())
    assert all(np.array_equal(model.peaks[name], values.astype(np.float32))
               for name, values in expected.items())


def test_channels_that_were_silent_have_room() -> None:
    """As much as the others of their map; a map that was silent as a whole has 1."""
    tensors = random_tensors(SDT_V2, TINY, 0)
    tensors["ConvBlock1_2.0.Conv.dwconv.weight"][1] *= 1e-12
    tensors["ConvBlock1_1.0.Conv.dwconv.weight"] *= 0
    peaks = reached(Reference(TINY, tensors), images(TINY, 4, 2, 0))
    found = peaks["ConvBlock1_2.0.Conv.dwconv"]
    assert found[1] == found.max() > 0
    assert not peaks["ConvBlock1_1.0.Conv.dwconv"].any()


def drop(name: str) -> Change:
    return lambda found: found.pop(name)


def put(name: str, value: Any) -> Change:
    return lambda found: found.update({name: value})


@pytest.mark.parametrize(("change", "message"), [
    (drop("block3.1.mlp.fc1_bn.running_var"), "block3.1.mlp.fc1_bn.running_var is missing"),
    (drop("head.weight"), "tensor head.weight is missing"),
    (drop("downsample1_1.encode_conv.weight"), "downsample1_1.encode_conv.weight is missing"),
    (put("head.weight", torch.zeros(3)), r"head.weight has shape \[3\], not one of 2 axes"),
    (put("block4.0.attn.more", torch.zeros(1)), "block4.0.attn.more is not part of sdt-v2"),
    (put("block3.0.mlp.fc1_bn.bias", torch.zeros(3)), r"has shape \[3\], not \[32\]"),
    (put("block900000.0.x", torch.zeros(1)), "block900000.0.x is not part of"),
    (put("block3.900000.x", torch.zeros(1)), "third is 900001; it must be 1 to 64"),
    (put("head_kd.weight", torch.zeros(3, 10)), "tensor head_kd.bias is missing"),
    (put("head.bias", torch.tensor([1.0, torch.nan, 0])), "head.bias holds NaN or infinity"),
    (put("downsample2.encode_bn.running_var", torch.full((4,), -1.0)), "variances below 0"),
    (put("head.bias", torch.zeros(3).double()), r"tensors of float64; .*\(head.bias\)"),
    (put("module.head.bias", torch.zeros(3)), "with and without module. in front"),
    (put("x", Path("x")), "pathlib.* is not on the list|pathlib.*not on the list"),
])
def test_what_is_wrong_is_named(tmp_path: Path, change: Change, message: str) -> None:
    """In a line, with the file's name in front."""
    source = written(tmp_path / "m.pth", change)
    with pytest.raises(InputError, match=message) as refused:
        read_checkpoint(SDT_V2, source, 16, 2)
    assert str(refused.value).startswith(str(source)) and "\n" not in str(refused.value)


def test_what_the_file_does_not_say(sterna: Command, tmp_path: Path) -> None:
    """Heads that do not fit, and a folder whose numbers were changed."""
    source = written(tmp_path / "m.pth")
    refused = sterna("import", source, "-o", tmp_path / "net", "--heads", 3)
    assert refused.code == 2 and "3 heads do not divide the 8 channels" in refused.errors
    assert sterna("import", source, "-o", tmp_path / "net", "--heads", 2,
                  "--image-size", 16).code == 0
    (tmp_path / "net" / "config.json").write_text("{}")
    assert "config.json: is damaged" in sterna("verify", tmp_path / "net").errors
    assert "--image-size: is for spiking transformers (.pth)" in sterna(
        "import", "net.nir", "-o", tmp_path / "out", "--image-size", 16).errors
