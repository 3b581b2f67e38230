"""Spiking networks in real numbers, as importers and training give them, and their execution.

The flags are those of `NeuronDefinition`; its widths and rounding do not matter here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.law.neuron import Count, Current, Decay, NeuronDefinition, Output, Reset
from sterna.law.window import Window
from sterna.program.instructions import INPUT

Reals = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class RealPopulation:
    """Neurons with real parameters, named as in `NeuronParameters`; absent ones are neutral.

    ``fraction``: fraction bits of its membrane as an integer, where others would be a waste.
    Raises `InputError` when a parameter is NaN or infinite.
    """

    name: str
    neurons: int
    definition: NeuronDefinition
    values: Mapping[str, Reals] = field(default_factory=dict)
    fraction: int | None = None

    def __post_init__(self) -> None:
        for name, values in self.values.items():
            if not np.isfinite(values).all():
                raise InputError(f"population {self.name}: {name} holds values that are not finite")

    def value(self, name: str) -> Reals:
        """A parameter as [1], [channels] or [neurons]."""
        neutral = 1.0 if name in ("gain", "threshold") else 0.0
        return np.atleast_1d(np.asarray(self.values.get(name, neutral), np.float64))


@dataclass(frozen=True, kw_only=True)
class RealConnection:
    """Real weights [targets, sources], or those of a window, and delays as in `Connection`.

    Raises `InputError` when a weight is NaN or infinite.
    """

    source: str
    target: str
    weights: Reals = field(repr=False)
    previous: bool = False
    delays: NDArray[np.uint8] | None = field(default=None, repr=False)
    window: Window | None = None

    def __post_init__(self) -> None:
        if not np.isfinite(self.weights).all():
            raise InputError(f"weights from {self.source} to {self.target} are not all finite")


@dataclass(frozen=True, kw_only=True)
class RealNetwork:
    """Populations in the order of execution, what connects them, and which are given out: the
    output, and others ``beside`` it."""

    name: str
    inputs: int
    populations: tuple[RealPopulation, ...]
    connections: tuple[RealConnection, ...]
    output: str
    beside: tuple[str, ...] = ()

    def run(self, inputs: Reals) -> dict[str, Reals]:
        """Outputs [steps, batch, neurons] for real inputs [steps, batch, inputs], from rest."""
        steps, batch, _ = inputs.shape
        outputs = {
            item.name: np.zeros((steps, batch, item.neurons)) for item in self.populations
        }
        sources = {INPUT: inputs} | outputs
        states = {item.name: _State(item, batch) for item in self.populations}
        taps = [(item, _taps(item)) for item in self.connections if item.window is None]
        windows = [(item, item.window) for item in self.connections if item.window is not None]
        if windows:
            from sterna.golden.windows import windowed  # and with it PyTorch
        for step in range(steps):
            for population in self.populations:
                sums = np.zeros((batch, population.neurons))
                for connection, pairs in taps:
                    if connection.target != population.name:
                        continue
                    for delay, weights in pairs:
                        if step >= delay:
                            sums += sources[connection.source][step - delay] @ weights
                for connection, window in windows:
                    if connection.target == population.name and step >= connection.previous:
                        values = sources[connection.source][step - connection.previous]
                        sums += windowed(window, values, connection.weights)
                outputs[population.name][step] = states[population.name].step(sums)
        return outputs


def _taps(connection: RealConnection) -> list[tuple[int, Reals]]:
    weights = np.asarray(connection.weights, np.float64).T
    if connection.delays is None:
        return [(int(connection.previous), weights)]
    return [
        (int(delay) + connection.previous, np.where(delay == connection.delays.T, weights, 0.0))
        for delay in np.unique(connection.delays)
    ]


class _State:
    """A population's state and its step, without rounding or saturation."""

    def __init__(self, population: RealPopulation, batch: int) -> None:
        names = ("gain", "bias", "factor", "current_factor", "adaptation_factor", "threshold",
                 "reset", "leak", "floor", "increment")
        self._d = population.definition
        self._p = {}
        for name in names:
            value = population.value(name)
            self._p[name] = np.repeat(value, population.neurons // value.size)
        shape = (batch, population.neurons)
        self._v, self._i, self._a, self._wait = (np.zeros(shape) for _ in range(4))

    def _over(self, values: Reals, level: Reals) -> NDArray[np.bool_]:
        return values > level if self._d.strict else values >= level

    def step(self, sums: Reals) -> Reals:
        d, p, before, slow = self._d, self._p, self._v, self._a
        pending = self._over(before, p["threshold"]) & d.reset.pending
        y = sums * p["gain"] + p["bias"]
        drive = self._drive(y)
        u = self._membrane(drive, pending, slow)
        if d.current is Current.ALPHA and d.reset is not Reset.NO_RESET:
            left = self._i - p["threshold"] if d.reset is Reset.SOFT_LATE else 0.0
            self._i = np.where(pending, left, self._i)
            self._a = np.where(pending, 0.0, self._a)
        level = p["threshold"] + (slow if d.adaptive else 0.0)
        first = level / 2 if d.count is Count.COUNT_ROUND else level
        count = np.zeros_like(u)
        for index in range(d.max_count):
            count += self._over(u, first + index * level)
        if d.refractory:
            waiting = self._wait > 0
            count = np.where(waiting, 0.0, count)
            self._wait = np.where(count > 0, d.refractory, np.maximum(self._wait - 1, 0))
            if d.refractory_hold:
                u = np.where(waiting, before, u)
        v = u
        if d.reset is Reset.HARD:
            v = np.where(count > 0, p["reset"], u)
        elif d.reset is Reset.SOFT:
            v = u - count * level
        elif d.reset is Reset.SOFT_ONCE:
            v = u - (count - pending) * p["threshold"]
        self._v = np.maximum(v, p["floor"]) if d.clamped else v
        if d.adaptive:
            self._a = slow * p["adaptation_factor"] + count * p["increment"]
        if d.output is Output.MEMBRANE:
            return self._v
        return count if d.output is Output.SPIKE else np.where(count > 0, u, 0.0)

    def _drive(self, y: Reals) -> Reals:
        d, p, before = self._d, self._p, self._i
        if d.current is Current.NONE:
            return y
        if d.current is Current.JUMP:
            self._i = (before + y) * p["current_factor"]
            return before + y
        self._i = before * p["current_factor"] + y
        if d.current is Current.ALPHA:
            self._a = self._a * p["adaptation_factor"] - y
            return self._i + self._a
        return before if d.current is Current.OLD else self._i

    def _membrane(self, drive: Reals, pending: NDArray[np.bool_], slow: Reals) -> Reals:
        d, p = self._d, self._p
        v = np.where(pending, p["reset"], self._v) if d.reset is Reset.ZERO_LATE else self._v
        away = v - p["leak"]
        factor = 0.5**d.decay_shift if d.decay is Decay.SHIFT else p["factor"]
        if d.current is Current.ALPHA:
            u = drive * factor
        elif d.decay is Decay.NONE:
            u = v + drive
        elif d.decay is Decay.MULTIPLY:
            u = p["leak"] + away * factor + drive
        elif d.scale_drive:
            u = v + (drive - away) * factor
        else:
            u = v - away * factor + drive
        if d.reset in (Reset.SOFT_LATE, Reset.SOFT_ONCE):
            u = u - pending * (-slow if d.current is Current.ALPHA else p["threshold"])
        return np.where(pending, p["reset"], u) if d.reset is Reset.CLEAR_LATE else u
