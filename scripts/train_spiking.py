"""Trains the shipped network `l2mu` on the burst order task; a minute or so on one core.

    python scripts/train_spiking.py

Writes sw/sterna/families/spiking/shipped/l2mu/trained.safetensors. Surrogate gradient:
1 / (1 + (4u)^2); loss: cross entropy of the read-out's mean membrane.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from safetensors.numpy import save_file
from sterna.families.spiking.examples import L2MU_CONNECTIONS, TRAINED, TRAINED_FORMAT
from sterna.families.spiking.patterns import CHANNELS, CLASSES, burst_orders
from sterna.files.folder import replace_folder
from sterna.files.manifest import write_manifest
from sterna.program.instructions import INPUT
from torch import Tensor

SIZES = {INPUT: CHANNELS, "u": 16, "m": 32, "h": 32, "out": CLASSES}
BATCH, ITERATIONS, RATE = 64, 400, 8e-3
THRESHOLD = 1.0


def spike(membrane: Tensor) -> Tensor:
    """Strictly above the threshold, with a surrogate gradient."""
    u = membrane - THRESHOLD
    smooth = torch.atan(4 * u) / 4
    return smooth + ((u > 0).float() - smooth).detach()


def forward(weights: dict[str, Tensor], betas: dict[str, Tensor], inputs: Tensor) -> Tensor:
    """Mean membrane of the read-out [batch, classes] for inputs [steps, batch, channels]."""
    batch = inputs.shape[1]
    codes = {name: torch.zeros(batch, size) for name, size in SIZES.items()}
    membranes = {name: torch.zeros(batch, size) for name, size in SIZES.items() if name != INPUT}
    total = torch.zeros(batch, CLASSES)
    for row in inputs:
        before = codes
        codes = dict(codes) | {INPUT: row}
        for name in ("u", "m", "h", "out"):
            v = membranes[name] * betas[name].clamp(0.1, 0.98)
            for key, source, target, previous in L2MU_CONNECTIONS:
                if target == name:
                    v = v + (before if previous else codes)[source] @ weights[key].T
            if name != "out":
                v = v - (membranes[name] > THRESHOLD).float() * THRESHOLD
                codes[name] = spike(v)
            membranes[name] = v
        total = total + membranes["out"]
    return total / len(inputs)


def main() -> None:
    """Train, print the accuracy on fresh samples, and write the weights."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    weights = {
        key: (torch.randn(SIZES[target], SIZES[source]) * 0.8 / SIZES[source] ** 0.5)
        for key, source, target, _ in L2MU_CONNECTIONS
    }
    betas = {name: torch.tensor([0.9]) for name in SIZES if name != INPUT}
    for tensor in (*weights.values(), *betas.values()):
        tensor.requires_grad_()
    optimiser = torch.optim.Adam([*weights.values(), *betas.values()], RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, ITERATIONS)
    started = time.perf_counter()
    for iteration in range(ITERATIONS):
        spikes, labels = burst_orders(BATCH, 1_000_000 + iteration)
        scores = forward(weights, betas, torch.from_numpy(spikes).float())
        loss = torch.nn.functional.cross_entropy(scores, torch.from_numpy(labels))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if iteration % 50 == 49:
            right = float((scores.argmax(1) == torch.from_numpy(labels)).float().mean())
            seconds = time.perf_counter() - started
            print(f"{iteration + 1}: loss {loss.item():.3f}, right {right:.3f}, {seconds:.0f} s",
                  flush=True)
    tensors = {key: value.detach().numpy() for key, value in weights.items()}
    tensors |= {
        f"beta_{name}": np.clip(value.detach().numpy(), 0.1, 0.98)
        for name, value in betas.items()
    }
    # safetensors 0.8.0 writes others as they lie: findings/safetensors_numpy_transposed.sh
    contiguous = {key: np.ascontiguousarray(value) for key, value in tensors.items()}
    with replace_folder(TRAINED.parent, TRAINED_FORMAT) as folder:
        save_file(contiguous, folder / TRAINED.name)
        write_manifest(folder, TRAINED_FORMAT)
    print(f"{TRAINED}: written")


if __name__ == "__main__":
    main()
