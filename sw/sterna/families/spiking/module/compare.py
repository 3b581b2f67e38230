"""A torch module and the network that was read of it, side by side on random steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sterna.errors import InputError
from sterna.families.spiking.linear import Linear
from sterna.families.spiking.module.run import run_module, taken
from sterna.families.spiking.network import RealNetwork, Reals
from sterna.families.spiking.windows import Windowed
from sterna.golden.windows import windowed
from sterna.law.neuron import Output
from sterna.program.instructions import INPUT

CHECK_STEPS, CHECK_BATCH = 40, 2
_CLOSE = 1e-4
"""What is no spike may differ by what single precision loses."""


@dataclass(frozen=True)
class Agreement:
    """How the network was compared with its module: steps, and spikes by population."""

    steps: int
    spikes: dict[str, int]
    double: bool
    """Whether it took double precision to agree: in single, a sum lies at a threshold."""

    def summary(self) -> str:
        """What was compared, for people."""
        fired = ", ".join(f"{key} {count} spikes" for key, count in self.spikes.items())
        silent = [key for key, count in self.spikes.items() if not count]
        return (f"{self.steps} random steps beside the module{' in double precision' * self.double}"
                f", the same in every one ({fired})"
                + (f"; {', '.join(silent)} never fired, only its input was compared" * bool(silent))
                )


def check_frames(inputs: int, seed: int = 0) -> Reals:
    """Random steps [steps, batch, inputs]: spikes, then real values of growing size."""
    generator = np.random.default_rng(seed)
    size = (CHECK_STEPS, CHECK_BATCH, inputs)
    parts = [(generator.random(size) < 0.3).astype(float)]
    parts += [scale * generator.uniform(-0.5, 1, size) for scale in (1, 4, 16)]
    # What single precision has, so that all take the same.
    return np.concatenate(parts).astype(np.float32).astype(np.float64)


def compare_with(
    module: Any, network: RealNetwork, name: str, shape: tuple[int, ...], hint: str,
    forms: dict[str, Linear] | None = None,
) -> Agreement:
    """Run both on random steps, in single precision and, if they differ, in double.

    With `forms`, what leads to a population, its input is compared too: spikes do not show it where
    nothing fires.

    Raises `InputError` naming the first population, step and neuron that differ, and the `hint`.
    """
    frames = check_frames(network.inputs)
    found = network.run(frames)
    children = dict(module.named_modules())
    spiking = [item.name for item in network.populations
               if item.definition.output is Output.SPIKE]
    watched = [key for key in spiking if key in children or key == name]
    first = None
    for double in (False, True):
        try:
            expected = run_module(module, name, shape, frames, watched, double)
        except (InputError, RuntimeError):
            if first is None:
                raise
            break
        difference = (_difference(network, expected, found)
                      or _input_difference(forms or {}, expected, found, frames))
        if difference is None:
            return Agreement(len(frames), {
                key: int(found[key].sum()) for key in spiking}, double)
        first = first or difference
    raise InputError(f"module {name}: fires otherwise than what was read of it: {first}; "
                     f"{hint}")


def _input_difference(
    forms: dict[str, Linear], expected: dict[str, Reals], outputs: dict[str, Reals], frames: Reals
) -> str | None:
    for key, form in forms.items():
        theirs = expected[taken(key)]
        mine = form.bias + sum(
            _times(weights, frames if source == INPUT else outputs[source])
            for source, weights, _ in form.matrices(f"module {key}"))
        wrong = np.abs(mine - theirs) > _CLOSE * np.maximum(1e-30, np.abs(theirs).max())
        if wrong.any():
            step, batch, neuron = np.argwhere(wrong)[0]
            return (f"step {step}, the input of {key}, neuron {neuron}: the module gives "
                    f"{theirs[step, batch, neuron]:g}, the network {mine[step, batch, neuron]:g}")
    return None


def _times(weights: Reals | Windowed, values: Reals) -> Reals:
    """What values [steps, batch, sources] make of the targets."""
    if not isinstance(weights, Windowed):
        return values @ weights.T
    steps, batch, sources = values.shape
    made = windowed(weights.window, values.reshape(-1, sources), weights.weights)
    return made.reshape(steps, batch, -1)


def _difference(
    network: RealNetwork, expected: dict[str, Reals], found: dict[str, Reals]
) -> str | None:
    order = [item.name for item in network.populations if item.name in expected]
    graded = network.output not in order and not any(
        item.name == network.output and item.definition.output is Output.SPIKE
        for item in network.populations)
    places: list[tuple[int, int, str]] = []
    for rank, key in enumerate([*order, ""]):
        mine = found[key or network.output]
        theirs = expected[key]
        if mine.shape != theirs.shape:
            return (f"{key or 'its output'} has {theirs.shape[2]} values, not {mine.shape[2]}")
        wrong = (np.abs(mine - theirs) > _CLOSE * (1 + np.abs(theirs)) if graded and not key
                 else mine != theirs)
        if wrong.any():
            places.append((int(np.argwhere(wrong)[0][0]), rank, key))
    if not places:
        return None
    step, _, key = min(places)
    mine, theirs = found[key or network.output][step], expected[key][step]
    batch, neuron = np.argwhere(np.abs(mine - theirs) > (_CLOSE if graded and not key else 0))[0]
    return (f"step {step}, {key or 'its output'}, neuron {neuron}: the module gives "
            f"{theirs[batch, neuron]:g}, the network {mine[batch, neuron]:g}")
