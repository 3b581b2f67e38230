"""Trains the shipped network `digits` on digits that move; some ten minutes on one core.

    python scripts/train_frames.py [FOLDER]

Writes sw/sterna/families/spiking/shipped/digits/trained.safetensors, or there. Two convolutions,
each with LIF neurons and the maximum of 2 x 2 spikes behind it, and a read-out. Weights are
multiples of 1/64 that five ternary planes hold, from the beginning on, so that nothing is lost when
they become integers. Surrogate gradient: 1 / (1 + (4u)^2); loss: cross entropy of the read-out's
mean membrane. Prints the accuracy on fresh samples, and that of a linear classifier of every event
of every step beside it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from sterna.families.spiking.examples import (
    DIGITS_FACTOR,
    DIGITS_READ_OUT_FACTOR,
    DIGITS_SHAPES,
    TRAINED_DIGITS,
    TRAINED_FORMAT,
)
from sterna.families.spiking.moving_digits import (
    CHANNELS,
    CLASSES,
    INPUTS,
    SIDE,
    STEPS,
    moving_digits,
)
from sterna.files.folder import replace_folder
from sterna.files.manifest import write_manifest
from torch import Tensor
from torch.nn import functional

BATCH, ITERATIONS, RATE, FRESH = 64, 2000, 4e-3, 2000
GRID, LIMIT = 64, 121
"""Weights are multiples of 1 / GRID, of at most LIMIT / GRID."""
THRESHOLD = 1.0


def spike(membrane: Tensor) -> Tensor:
    """At the threshold or above, with a surrogate gradient."""
    u = membrane - THRESHOLD
    smooth = torch.atan(4 * u) / 4
    return smooth + ((u >= 0).float() - smooth).detach()


def on_grid(weight: Tensor) -> Tensor:
    """The nearest multiple, whose gradient goes straight through."""
    nearest = (weight * GRID).round().clamp(-LIMIT, LIMIT) / GRID
    return weight + (nearest - weight).detach()


def forward(weights: dict[str, Tensor], inputs: Tensor) -> Tensor:
    """Mean membrane of the read-out [batch, classes] for inputs [steps, batch, INPUTS]."""
    used = {name: on_grid(weight) for name, weight in weights.items()}
    membranes: dict[str, Tensor | float] = dict.fromkeys(weights, 0.0)
    total = torch.zeros(inputs.shape[1], CLASSES)
    for row in inputs:
        values = row.reshape(-1, CHANNELS, SIDE, SIDE)
        for name in ("conv1", "conv2"):
            u = membranes[name] * DIGITS_FACTOR + functional.conv2d(values, used[name], padding=1)
            values = spike(u)
            membranes[name] = u - values.detach() * THRESHOLD
            values = functional.max_pool2d(values, 2)
        out = membranes["out"] * DIGITS_READ_OUT_FACTOR + values.flatten(1) @ used["out"].T
        membranes["out"] = out
        total = total + out
    return total / len(inputs)


def fit(name: str, scores, parameters: list[Tensor], iterations: int, rate: float) -> None:
    """Adam on fresh samples; `scores` makes those of classes of a batch."""
    optimiser = torch.optim.Adam(parameters, rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, iterations)
    started, right = time.perf_counter(), 0.0
    for iteration in range(iterations):
        events, labels = moving_digits(BATCH, 1_000_000 + iteration)
        made, wanted = scores(torch.from_numpy(events).float()), torch.from_numpy(labels)
        loss = functional.cross_entropy(made, wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        right += float((made.argmax(1) == wanted).float().mean()) / 100
        if iteration % 100 == 99:
            seconds = time.perf_counter() - started
            print(f"{name} {iteration + 1}: loss {loss.item():.3f}, right {right:.3f}, "
                  f"{seconds:.0f} s", flush=True)
            right = 0.0


def accuracy(scores) -> float:
    """On samples that were not trained on."""
    events, labels = moving_digits(FRESH, 0)
    with torch.no_grad():
        made = torch.cat([scores(part) for part in torch.from_numpy(events).float().split(200, 1)])
    return float((made.argmax(1) == torch.from_numpy(labels)).float().mean())


def main() -> None:
    """Train both, print their accuracies, and write the weights."""
    target = Path(sys.argv[1]) / TRAINED_DIGITS.name if len(sys.argv) > 1 else TRAINED_DIGITS
    torch.manual_seed(0)
    torch.set_num_threads(1)
    weights = {name: torch.randn(shape) * 1.5 / np.prod(shape[1:]) ** 0.5
               for name, shape in DIGITS_SHAPES.items()}
    for weight in weights.values():
        weight.requires_grad_()
    fit("digits", lambda inputs: forward(weights, inputs), list(weights.values()), ITERATIONS, RATE)
    linear = torch.zeros(CLASSES, STEPS * INPUTS, requires_grad=True)

    def linear_scores(inputs: Tensor) -> Tensor:
        return inputs.transpose(0, 1).flatten(1) @ linear.T

    fit("linear", linear_scores, [linear], ITERATIONS, 1e-3)
    print(f"of {FRESH} fresh samples right: {accuracy(lambda item: forward(weights, item)):.4f}, a "
          f"linear classifier {accuracy(linear_scores):.4f}")
    tensors = {name: np.ascontiguousarray(on_grid(weight).detach().numpy())
               for name, weight in weights.items()}
    with replace_folder(target.parent, TRAINED_FORMAT) as folder:
        save_file(tensors, folder / target.name)
        write_manifest(folder, TRAINED_FORMAT)
    print(f"{target}: written")


if __name__ == "__main__":
    main()
