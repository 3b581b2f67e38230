"""Training of a spiking transformer: what learns is the reference, and what is written is read."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sterna.families.spikformer_v2.reference import Reference
from sterna.families.spikformer_v2.version import SPIKFORMER_V2
from sterna.families.spiking.moving_digits import INPUTS, STEPS
from sterna.families.spiking_transformer.checkpoint import read_checkpoint

ROOT = Path(__file__).parents[2]


def test_two_batches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Weights move, and what was trained makes the classes that the reference makes of its file."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    for name in ("train_frames", "train_transformer"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import train_frames
    import train_transformer

    monkeypatch.setattr(train_frames, "BATCH", 4)
    for name, value in (("ITERATIONS", 2), ("FRESH", 3)):
        monkeypatch.setattr(train_transformer, name, value)
    threads = torch.get_num_threads()
    train_transformer.main(tmp_path)
    torch.set_num_threads(threads)
    shape = train_transformer.SHAPE
    found = read_checkpoint(SPIKFORMER_V2, tmp_path / "transformer.pth", shape.image, shape.heads)
    assert found.configuration == shape
    begun = train_transformer.begun()
    moved = [not torch.equal(value.float(), begun[name]) for name, value in found.tensors.items()]
    assert np.mean(moved) > 0.9
    data = np.load(tmp_path / "digits.npz")
    frames = torch.from_numpy(data["frames"])
    assert frames.shape == (STEPS, 3, 2, 32, 32) and int(frames.sum()) % 4 == 0
    assert len(data["labels"]) == 3
    model = train_transformer.Learning(shape, {
        name: value.float() for name, value in found.tensors.items()})
    model.learns = False
    events = frames[..., ::2, ::2].reshape(STEPS, 3, INPUTS).float()
    with torch.no_grad():
        assert torch.allclose(model.scores(events), Reference(shape, found.tensors).run(
            frames.double()).mean(0).float(), atol=1e-4)
