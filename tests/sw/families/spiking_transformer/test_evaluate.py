"""Samples with labels: float, golden and the machine, counted; what is wrong is a line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sterna.families.sdt_v2.reference import Reference
from sterna.families.sdt_v2.version import SDT_V2
from sterna.families.spiking.classes import confusion, told_classes
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking_transformer.model import open_model
from sterna.families.spiking_transformer.random_model import images

TINY = "random:family=sdt-v2,image=16,width=4,heads=2,convs=1,third=1,fourth=0,classes=5"
SAMPLES = 12
Command = Callable[..., Any]
Samples = tuple[Path, NDArray[np.float64], NDArray[np.int64]]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """A file whose labels are what the float model tells, its frames and its labels."""
    model = open_model(SDT_V2, TINY)
    given = images(model.configuration, 3, SAMPLES, 5)
    outputs = Reference(model.configuration, model.tensors).run(given).numpy()
    labels = told_classes(outputs, "sum")
    assert len(set(labels.tolist())) > 1
    path = tmp_path_factory.mktemp("data") / "test.npz"
    np.savez(path, frames=given.numpy(), labels=labels)
    return path, given.numpy(), labels


def test_labels_of_the_float_model(sterna: Command, samples: Samples) -> None:
    """It is always right, and the golden as often as it tells the same."""
    path, frames, labels = samples
    network = open_model(SDT_V2, TINY).network
    codes = np.rint(frames * 2.0**network.input_fraction).astype(int).reshape(3, SAMPLES, -1)
    golden = told_classes(GoldenNetwork(network, SAMPLES).run(codes)[network.output], "sum")
    found = sterna("eval", TINY, "--data", path, "--json").json
    assert found == {
        "model": TINY, "samples": SAMPLES, "float_accuracy": 1.0,
        "same_class": (golden == labels).mean(), "golden_accuracy": (golden == labels).mean(),
        "confusion": confusion(labels, golden, 5)}
    shown = sterna("eval", TINY, "--data", path).output
    assert "float_accuracy" in shown and f"class {labels[0]}" in shown and " right" in shown


def test_the_first_samples(sterna: Command, samples: Samples) -> None:
    """As many as are wanted and there; the machine gives the golden's outputs."""
    path, _, labels = samples
    found = sterna("eval", TINY, "--data", path, "--samples", 3, "--device", "emulator",
                   "--lanes", 8, "--json").json
    assert found["samples"] == 3 and found["outputs_unlike_golden"] == 0
    assert np.sum(found["confusion"], 1).tolist() == np.bincount(labels[:3], minlength=5).tolist()
    assert sterna("eval", TINY, "--data", path, "--samples", 99, "--json").json["samples"] == 12


@pytest.mark.parametrize(("arguments", "message"), [
    (["--data", "{path}", "--by", "first"], "by is 'first'; it is sum, last, most"),
    (["--data", "{path}", "--seed", 2], "--seed: is of random images; --data has its own"),
    (["--data", "{path}", "--dt", 0.1], "is for recordings of events with their times"),
    (["--data", "{path}", "--timeout", 3], "is patience with a board, and the golden is none"),
    (["--data", "{path}", "--lanes", 8], "the golden has none; give --device sim"),
    (["--data", "{path}", "--device", "toaster"], "toaster: no such device"),
    (["--data", "{folder}/none.npz"], "none.npz: file not found"),
    (["--data", "{folder}/short.npz"], "2 labels for 12 samples"),
    (["--data", "{folder}/high.npz"], "of 0 to 5; give one for each sample, from 0 to 4"),
    (["--data", "{folder}/narrow.npz"], "the network takes [steps, 768]"),
    (["--data", "{folder}/text.npz"], "is damaged or holds no arrays"),
    (["--device", "sim"], "is of samples with labels; give --data FILE"),
    (["--by", "last"], "is of samples with labels; give --data FILE"),
    (["--allow-rounding"], "is for the inputs of a file; give --data"),
])
def test_refusals(sterna: Command, samples: Samples, tmp_path: Path, arguments: list[Any],
                  message: str) -> None:
    """In a line, with exit 2."""
    path, frames, labels = samples
    np.savez(tmp_path / "short.npz", frames=frames, labels=labels[:2])
    np.savez(tmp_path / "high.npz", frames=frames, labels=[*range(6), *range(6)])
    np.savez(tmp_path / "narrow.npz", frames=frames[..., 1:], labels=labels)
    (tmp_path / "text.npz").write_text("frames")
    told = sterna("eval", TINY, *(str(item).format(path=path, folder=tmp_path)
                                  for item in arguments))
    assert told.code == 2 and message in told.errors and told.errors.count("\n") == 1
