"""Drives the LIF engine and the golden population with the same sums, and compares every word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sterna.golden.neuron import GoldenPopulation
from sterna.law.neuron import NeuronDefinition
from sterna.law.neuron_parameters import FACTORS, NeuronParameters
from sterna_hw.spiking import LifEngine
from sterna_sim.streams import Receiver, sender, simulate, unpack

Integers = NDArray[np.int64]


def limit(bits: int) -> int:
    """The largest magnitude of a state."""
    return (1 << (bits - 1)) - 1


def random_parameters(
    rng: np.random.Generator, d: NeuronDefinition, neurons: int, varying: Sequence[str], wild: bool
) -> NeuronParameters:
    """Usual numbers (decays below 1, positive thresholds), or anything that fits."""
    values: dict[str, Any] = {}
    one, most = 1 << d.factor_fraction, limit(d.membrane_bits)
    usual = {
        "gain": (1, 5), "factor": (one // 2, one + 1), "current_factor": (one // 4, one),
        "adaptation_factor": (one // 2, one), "threshold": (1, most // 3),
        "floor": (-most // 2, 1), "increment": (0, most // 8), "leak": (-most // 16, most // 16),
        "reset": (-most // 8, most // 8), "bias": (-most // 32, most // 32),
    }
    for name, _ in NeuronParameters().items():
        size = neurons if name in varying else 1
        top = limit(d.factor_bits) if name in FACTORS else most
        low, high = (-top, top + 1) if wild else usual[name]
        values[name] = rng.integers(low, max(high, low + 1), size)
        if wild and size > 2:
            values[name][:2] = (-top, top)
    return NeuronParameters.of(**values)


def random_sums(
    rng: np.random.Generator, d: NeuronDefinition, steps: int, neurons: int
) -> Integers:
    """Small sums, sums of the membrane's size, silence, and runs of both extremes."""
    top = limit(d.sum_bits)
    middle = min(top, limit(d.membrane_bits) // 4)
    kinds = rng.integers(0, 4, (steps, neurons))
    small = rng.integers(-2, 4, (steps, neurons)).clip(-top, top)
    sums = np.select(
        [kinds == 0, kinds == 1, kinds == 2],
        [np.zeros_like(small), small, rng.integers(-middle // 2, middle + 1, (steps, neurons))],
        rng.integers(-top, top + 1, (steps, neurons)))
    sums[steps // 3:steps // 3 + 6, ::2] = top
    sums[steps // 2:steps // 2 + 6, 1::2] = -top
    return sums


class Comparison:
    """One run: engine against golden, after which ``outputs`` and ``states`` are the golden's.

    ``clocks`` are those in which the groups of outputs were taken.
    """

    def __init__(
        self,
        definition: NeuronDefinition,
        parameters: NeuronParameters,
        sums: Integers,
        lanes: int,
        *,
        codes: bool = False,
        density: float = 1.0,
        seed: int = 0,
        multiplier_bits: int = 18,
    ) -> None:
        steps, neurons = sums.shape
        varying = [name for name, values in parameters.items() if values.size > 1]
        constants = {
            name: int(values[0]) for name, values in parameters.items() if values.size == 1}
        self.engine = engine = LifEngine(
            definition, constants, neurons, lanes, varying=varying, codes=codes, trace=True,
            multiplier_bits=multiplier_bits)
        self._golden(definition, parameters, sums, codes)

        groups = self._grouped(sums)
        receiver = Receiver(engine.outputs, steps * engine.groups, seed=seed + 1, density=density)
        benches: list[Any] = [sender(engine.sums, groups, seed=seed, density=density), receiver]
        if varying:
            full = parameters.expanded(neurons)
            columns = {name: self._grouped(getattr(full, name)[None]) for name in varying}
            words = [
                [{name: columns[name][group][lane] for name in varying} for lane in range(lanes)]
                for group in range(engine.groups)]
            benches.append(sender(engine.parameters, words * steps, seed=seed + 2, density=density))
        written: list[list[dict[str, int]]] = []

        async def watch(ctx: Any) -> None:
            while len(written) < steps * engine.groups:
                _, _, trace = await ctx.tick().sample(engine.trace.as_value())
                item = unpack(engine.trace.shape(), trace)
                if item["valid"]:
                    written.append(item["states"])

        simulate(engine, *benches, watch)
        self.clocks = receiver.clocks
        self._equal("output", receiver.values, self.outputs)
        for name, values in self.states.items():
            self._equal(name, [[lane[name] for lane in group] for group in written], values)

    def _golden(self, definition: NeuronDefinition, parameters: NeuronParameters,
                sums: Integers, codes: bool) -> None:
        golden = GoldenPopulation(definition, parameters, sums.shape[1])
        outputs, states = [], []
        for row in sums:
            output = golden.step(row[None])
            outputs.append((golden.codes(output) if codes else output)[0])
            states.append({name: value[0].copy() for name, value in golden.state.items()})
        self.outputs = np.array(outputs)
        self.states = {
            name: np.array([state[name] for state in states]) for name in definition.states}

    def _grouped(self, rows: Integers) -> list[list[int]]:
        """Neurons in groups of lanes, the last one filled with zeros."""
        lanes = len(self.engine.sums.payload)
        full = np.pad(rows, ((0, 0), (0, -rows.shape[1] % lanes)))
        return full.reshape(-1, lanes).tolist()

    def _equal(self, what: str, groups: list[list[int]], expected: Integers) -> None:
        steps, neurons = expected.shape
        actual = np.array(groups).reshape(steps, -1)[:, :neurons]
        wrong = np.argwhere(actual != expected)
        if wrong.size:
            step, neuron = wrong[0]
            raise AssertionError(
                f"{what} of neuron {neuron} in step {step}: engine {actual[step, neuron]}, "
                f"golden {expected[step, neuron]} ({len(wrong)} differ)")
