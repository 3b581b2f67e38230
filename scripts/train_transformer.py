"""Trains the shipped network `digits-attention` on digits that move; some five minutes on one core.

    python scripts/train_transformer.py FOLDER

Writes FOLDER/transformer.pth, which `sterna import` reads, and FOLDER/digits.npz, fresh samples
with their labels, which its `--calibrate` takes, and `sterna eval --data`. The model is the
family's float reference, whose neurons have a surrogate gradient here (that of `train_frames`) and
whose batch norms learn; loss: cross entropy of the mean classes of the steps. Prints the accuracy
on the fresh samples; `train_frames` has that of a linear classifier.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from sterna.families.spikformer_v2.configuration import Configuration
from sterna.families.spikformer_v2.large_digits import IMAGE, enlarged
from sterna.families.spikformer_v2.reference import Reference
from sterna.families.spikformer_v2.version import SPIKFORMER_V2
from sterna.families.spiking.moving_digits import CHANNELS, CLASSES, moving_digits
from sterna.families.spiking_transformer.normed import EPSILON
from sterna.families.spiking_transformer.random_model import drawn
from sterna.families.spiking_transformer.reference import ATTENTION_THRESHOLD
from torch import Tensor
from torch.nn import functional
from train_frames import THRESHOLD, fit, spike

SHAPE = Configuration(image=IMAGE, channels=CHANNELS, classes=CLASSES, width=64, heads=4,
                      convs=2, blocks=1)
ITERATIONS, RATE, MOMENTUM, FRESH = 400, 4e-3, 0.05, 1000
BEGINS = {"running_mean": 0.0, "running_var": 1.0, "bias": 0.0}
"""How what is no matrix begins; gains of batch norms with 1."""


class Learning(Reference):
    """The reference with gradients; batch norms are those of the batch while it ``learns``."""

    learns = True

    def spikes(self, x: Tensor, attention: bool) -> Tensor:
        threshold = ATTENTION_THRESHOLD if attention else THRESHOLD
        found, v = [], torch.zeros_like(x[0])
        for row in x:
            v = v + (row - v) / 2
            spikes = spike(v - threshold + THRESHOLD)
            v = v * (1 - spikes.detach())
            found.append(spikes)
        return torch.stack(found)

    def norm(self, name: str, x: Tensor) -> Tensor:
        mean, variance, weight, bias = (self._tensors[f"{name}.{part}"] for part in (
            "running_mean", "running_var", "weight", "bias"))
        return functional.batch_norm(x, mean, variance, weight, bias, self.learns, MOMENTUM,
                                     EPSILON)

    def scores(self, events: Tensor) -> Tensor:
        """Of classes, of events [steps, batch, inputs]."""
        return self.run(torch.from_numpy(enlarged(events.numpy()))).mean(0)


def begun() -> dict[str, Tensor]:
    """Tensors before training."""
    tensors = {name: value.float() for name, value in drawn(SPIKFORMER_V2, SHAPE, 0).items()}
    for name, value in tensors.items():
        if value.ndim == 1:
            value.fill_(BEGINS.get(name.rpartition(".")[2], 1.0))
        value.requires_grad_("running" not in name)
    return tensors


def main(folder: Path) -> None:
    """Train, print the accuracy, and write both files."""
    torch.set_num_threads(1)
    tensors = begun()
    model = Learning(SHAPE, tensors)
    fit("transformer", model.scores, [value for value in tensors.values() if value.requires_grad],
        ITERATIONS, RATE)
    model.learns = False
    events, labels = moving_digits(FRESH, 0)
    with torch.no_grad():
        told = torch.cat([model.scores(part).argmax(1) for part in torch.from_numpy(
            events).float().split(200, 1)]).numpy()
    print(f"of {FRESH} fresh samples right: {(told == labels).mean():.4f}")
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({"state_dict": {name: value.detach() for name, value in tensors.items()}},
               folder / "transformer.pth")
    np.savez_compressed(folder / "digits.npz", frames=enlarged(events).astype(np.int8),
                        labels=labels)
    print(f"{folder}: transformer.pth and digits.npz written")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="where both files are written")
    target = parser.parse_args().folder
    try:  # before a quarter of an hour, not behind it
        target.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        parser.error(f"{target}: {problem.strerror}; name a folder that can be made")
    main(target)
