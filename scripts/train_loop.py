"""The training loop: AdamW, warm-up and cosine, state carried from window to window."""

from __future__ import annotations

import math
import os
import pickle
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from sterna.errors import InputError
from torch.nn import functional
from train_data import TokenStreams

# A share of the streams starts afresh at each step, so that the zero state is trained too.
RESTART_PROBABILITY = 1 / 32
CHECKPOINT_INTERVAL = 100


@dataclass(frozen=True)
class Recipe:
    """The optimiser's settings, with the seed everything random comes from."""

    steps: int = 2500
    batch: int = 16
    context: int = 128
    learning_rate: float = 4e-3
    warmup: int = 100
    final_share: float = 0.02
    weight_decay: float = 0.01
    gradient_limit: float = 1.0
    seed: int = 1

    def learning_rate_at(self, step: int) -> float:
        """Linear warm-up, then a cosine down to `final_share` of the peak."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        phase = (step - self.warmup) / max(self.steps - self.warmup, 1)
        cosine = (1 + math.cos(math.pi * phase)) / 2
        return self.learning_rate * (self.final_share + (1 - self.final_share) * cosine)


def _optimiser(model: Any, recipe: Recipe) -> torch.optim.AdamW:
    matrices = [p for p in model.parameters() if p.dim() == 2]
    vectors = [p for p in model.parameters() if p.dim() != 2]
    groups = [
        {"params": matrices, "weight_decay": recipe.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(0.9, 0.95))


def _save(path: Path, content: dict[str, Any]) -> None:
    partial = path.with_name(path.name + ".partial")
    torch.save(content, partial)
    os.replace(partial, path)


def _load(path: Path) -> dict[str, Any]:
    try:
        saved = torch.load(path)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError):
        saved = None
    if not isinstance(saved, dict) or "recipe" not in saved:
        raise InputError(f"{path}: is not a checkpoint of this script; name another file")
    return saved


def train(
    model: Any,
    streams: TokenStreams,
    recipe: Recipe,
    checkpoint: Path | None,
    report: Callable[[int, float], None],
) -> None:
    """Train `model` in place; `report` is told every step and its loss in nats a token.

    With `checkpoint` the state of training is kept there, and an existing one is taken up:
    the result is the same as of an uninterrupted run. Raises `InputError` when the file is
    of another recipe, and when the loss is no longer finite.
    """
    optimiser = _optimiser(model, recipe)
    generator = torch.Generator().manual_seed(recipe.seed)
    state = model.initial_state(recipe.batch)
    first = 0
    if checkpoint is not None and checkpoint.exists():
        saved = _load(checkpoint)
        if saved["recipe"] != asdict(recipe):
            raise InputError(f"{checkpoint}: is of another recipe; remove it or name another file")
        try:
            model.load_state_dict(saved["model"])
        except RuntimeError:
            raise InputError(
                f"{checkpoint}: is of a model of another shape; remove it or name another file"
            ) from None
        optimiser.load_state_dict(saved["optimiser"])
        generator.set_state(saved["generator"])
        state, first = saved["state"], saved["step"]
    for step in range(first, recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.learning_rate_at(step)
        inputs, targets = streams.read(step)
        restart = torch.rand(recipe.batch, generator=generator) < RESTART_PROBABILITY
        state[:, restart] = model.initial_state()
        logits, state = model(inputs, state)
        loss = functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        if not torch.isfinite(loss):
            raise InputError(f"the loss is not finite at step {step}; lower --learning-rate")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.gradient_limit)
        optimiser.step()
        state = state.detach()
        report(step + 1, loss.item())
        if checkpoint is not None and (
            (step + 1) % CHECKPOINT_INTERVAL == 0 or step + 1 == recipe.steps
        ):
            _save(
                checkpoint,
                {
                    "recipe": asdict(recipe),
                    "model": model.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "generator": generator.get_state(),
                    "state": state,
                    "step": step + 1,
                },
            )
