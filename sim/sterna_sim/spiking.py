"""Runs the neurons of a spiking network on the RTL of the LIF engine, beside the golden.

Each population gets an engine of its own, fed with the golden network's exact sums of every step;
every output and every state word is compared. What accumulates the sums is not simulated here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sterna.golden.spiking import GoldenNetwork
from sterna.program.spiking import Population, SpikingNetwork
from sterna_hw.spiking import LifEngine

from sterna_sim.streams import Receiver, sender, simulate, unpack

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Outcome:
    """What was compared of one population; ``first`` names the first difference."""

    population: str
    values: int
    differences: int
    first: str | None
    clocks: int


def record(network: SpikingNetwork, codes: Integers) -> list[dict[str, dict[str, Integers]]]:
    """For each step and population of one golden run: sums, output and states, [neurons] each.

    `codes` are int64 [steps, inputs].
    """
    golden, steps = GoldenNetwork(network), []
    for row in codes:
        outputs = golden.step(row[None])
        steps.append({
            name: {"sums": golden.sums[name][0].copy(), "output": outputs[name][0].copy()}
            | {key: value[0].copy() for key, value in population.state.items()}
            for name, population in golden.populations.items()
        })
    return steps


def verify_population(
    population: Population,
    steps: list[dict[str, Integers]],
    lanes: int,
    density: float,
    seed: int,
) -> Outcome:
    """Simulate the population's engine on the recorded sums and compare.

    `density` is the share of clocks in which each stream is ready or offers something.
    """
    definition, neurons = population.definition, population.neurons
    parameters = dict(population.parameters.items())
    varying = [name for name, values in parameters.items() if (values != values[0]).any()]
    engine = LifEngine(
        definition,
        {name: int(values[0]) for name, values in parameters.items() if name not in varying},
        neurons, lanes, varying=varying, trace=True,
    )
    count = len(steps) * engine.groups

    def grouped(row: Integers) -> list[list[int]]:
        return np.pad(row, (0, -neurons % lanes)).reshape(-1, lanes).tolist()

    receiver = Receiver(engine.outputs, count, seed=seed + 1, density=density)
    sums = [group for step in steps for group in grouped(step["sums"])]
    benches: list[Any] = [sender(engine.sums, sums, seed=seed, density=density), receiver]
    if varying:
        full = dict(population.parameters.expanded(neurons).items())
        columns = {name: grouped(full[name]) for name in varying}
        words = [
            [{name: columns[name][group][lane] for name in varying} for lane in range(lanes)]
            for group in range(engine.groups)
        ]
        benches.append(
            sender(engine.parameters, words * len(steps), seed=seed + 2, density=density)
        )
    written: list[list[dict[str, int]]] = []
    clocks = 0

    async def watch(ctx: Any) -> None:
        nonlocal clocks
        while len(written) < count:
            _, _, trace = await ctx.tick().sample(engine.trace.as_value())
            clocks += 1
            item = unpack(engine.trace.shape(), trace)
            if item["valid"]:
                written.append(item["states"])

    simulate(engine, *benches, watch)
    found = {"output": receiver.values} | {
        name: [[lane[name] for lane in group] for group in written]
        for name in definition.states
    }
    return _compare(population.name, steps, found, neurons, clocks)


def _compare(
    name: str, steps: list[dict[str, Integers]], found: dict[str, Any], neurons: int, clocks: int
) -> Outcome:
    values, differences, first = 0, 0, None
    for key, groups in found.items():
        expected = np.stack([step[key] for step in steps])
        actual = np.array(groups).reshape(len(steps), -1)[:, :neurons]
        wrong = np.argwhere(actual != expected)
        values, differences = values + expected.size, differences + len(wrong)
        if len(wrong) and first is None:
            step, neuron = (int(index) for index in wrong[0])
            first = (
                f"{name}, neuron {neuron}, step {step}: {key} is {actual[step, neuron]}, "
                f"golden {expected[step, neuron]}"
            )
    return Outcome(name, values, differences, first, clocks)
