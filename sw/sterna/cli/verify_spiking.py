"""What `sterna verify` does with a spiking network."""

from __future__ import annotations

from sterna.cli.spiking import EVALUATION_RATE, OpenSpiking
from sterna.cli.terminal import ProgressReport, print_json
from sterna.errors import CheckError, InputError

MOST_LANES = 64


def verify_spiking(
    opened: OpenSpiking, steps: int, lanes: int, stalls: int, seed: int, json: bool
) -> None:
    """Compare the LIF engine with the golden on random spikes; the streams pause in `stalls`."""
    from sterna_sim.spiking import record, verify_population

    from sterna.models.spiking_input import random_input
    from sterna.models.spiking_quantise import input_codes

    if not 1 <= lanes <= MOST_LANES:
        raise InputError(f"lif_lanes is {lanes}; it must be 1 to {MOST_LANES}")
    network = opened.network
    frames = random_input(network.inputs, steps, 1, EVALUATION_RATE, seed)
    outcomes = []
    with ProgressReport() as report:
        recorded = record(network, input_codes(network, frames)[:, 0])
        for index, population in enumerate(network.populations):
            report("simulating populations", index, len(network.populations))
            outcomes.append(verify_population(
                population, [step[population.name] for step in recorded], lanes,
                1 - stalls / 1000, seed,
            ))
    differences = sum(item.differences for item in outcomes)
    values = sum(item.values for item in outcomes)
    first = next((item.first for item in outcomes if item.first is not None), None)
    if json:
        print_json({
            "model": opened.name, "device": "LIF engine in simulation", "steps": steps,
            "lanes": lanes, "values_compared": values, "differences": differences,
            "first_difference": first,
            "clocks": {item.population: item.clocks for item in outcomes},
        })
    summary = f"{steps} steps, {values} outputs and state words of {len(outcomes)} populations"
    if first is not None:
        raise CheckError(f"{summary}, {differences} differ; the first: {first}")
    if not json:
        print(f"{opened.name}: {summary}, no difference")
