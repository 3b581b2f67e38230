"""What `sterna verify` does with a spiking network."""

from __future__ import annotations

from sterna.cli.spiking import EVALUATION_RATE, OpenSpiking
from sterna.cli.spiking_options import SpikingOptions
from sterna.cli.terminal import ProgressReport, print_json
from sterna.errors import CheckError


def verify_spiking(
    opened: OpenSpiking, steps: int, options: SpikingOptions, skip: bool, stalls: int, seed: int,
    json: bool,
) -> None:
    """Compare the simulated accelerator with the golden on random spikes; the link pauses.

    Of four or more steps the last quarter comes after a reset.
    """
    from sterna_sim.spiking import SpikingVerifier

    from sterna.models.spiking_input import random_input
    from sterna.models.spiking_quantise import input_codes

    network = opened.network
    frames = random_input(network.inputs, steps, 1, EVALUATION_RATE, seed)
    codes = input_codes(network, frames)[:, 0]
    configuration = options.fitted(network)
    with ProgressReport() as report:
        verifier = SpikingVerifier(
            network, configuration, skip=skip, stall_permille=stalls, seed=seed, progress=report)
        try:
            for step, row in enumerate(codes):
                if step == steps - steps // 4:
                    verifier.reset()
                verifier.step(row)
                report("comparing steps", step + 1, steps)
        finally:
            verifier.close()
    outcome = verifier.outcome
    if json:
        print_json({
            "model": opened.name,
            "device": "sim",
            "steps": steps,
            "lanes": configuration.lanes,
            "neuron_lanes": configuration.neuron_lanes,
            "skip": skip,
            "values_compared": outcome.values,
            "differences": outcome.differences,
            "first_difference": outcome.first,
            "cycles": sum(item.cycles for item in outcome.counters),
        })
    summary = f"{steps} steps, {outcome.values} sums, outputs and state words"
    if outcome.first is not None:
        raise CheckError(f"{summary}, {outcome.differences} differ; the first: {outcome.first}")
    if not json:
        print(f"{opened.name}: {summary} compared, no difference")
