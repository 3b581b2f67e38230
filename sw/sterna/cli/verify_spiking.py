"""What `sterna verify` does with a spiking network."""

from __future__ import annotations

import sys
from dataclasses import replace

from sterna.cli.spiking import OpenSpiking
from sterna.cli.spiking_inputs import InputOptions, wide_enough
from sterna.cli.spiking_options import SpikingOptions
from sterna.cli.terminal import ProgressReport, print_json
from sterna.errors import CheckError


def verify_spiking(
    opened: OpenSpiking, inputs: InputOptions, steps: int, options: SpikingOptions, skip: bool,
    stalls: int, seed: int, json: bool, device: str = "sim",
) -> None:
    """Compare the simulated accelerator with the golden on a file or random inputs.

    Each of a batch comes after a reset, and of four or more random steps the last quarter.
    """
    from sterna_sim.spiking import SpikingVerifier

    from sterna.cli.emulated import emulated
    from sterna.families.spiking.lowering import lower

    taken = inputs.take(opened.network, steps, seed, options.config is not None)
    program = lower(taken.network)
    runs = list(taken.codes.swapaxes(0, 1))
    if inputs.source is None and steps >= 4:
        runs = [runs[0][: steps - steps // 4], runs[0][steps - steps // 4:]]
    steps = sum(map(len, runs))
    if options.config is None:
        options = replace(options, code_bits=wide_enough(options.code_bits, taken.codes))
    configuration = options.fitted(program)
    with ProgressReport() as report:
        verifier = SpikingVerifier(
            program, configuration, skip=skip, stall_permille=stalls, seed=seed, progress=report,
            board=emulated(device, configuration, stalls))
        try:
            done = 0
            for number, rows in enumerate(runs):
                if number:
                    verifier.reset()
                for row in rows:
                    verifier.step(row)
                    done += 1
                    report("comparing steps", done, steps)
        finally:
            verifier.close()
    outcome = verifier.outcome
    silent = [name for name, count in outcome.loud.items() if not count]
    if json:
        print_json({
            "model": opened.name,
            "device": device,
            "steps": steps,
            "lanes": configuration.lanes,
            "neuron_lanes": configuration.neuron_lanes,
            "skip": skip,
            "values_compared": outcome.values,
            "differences": outcome.differences,
            "first_difference": outcome.first,
            "silent": silent,
            "cycles": sum(item.cycles for item in outcome.counters),
        })
    summary = f"{steps} steps, {outcome.values} sums, outputs and state words"
    if outcome.first is not None:
        raise CheckError(f"{summary}, {outcome.differences} differ; the first: {outcome.first}")
    if not json:
        print(f"{opened.name}: {summary} compared, no difference")
    if silent:
        print(f"{opened.name}: {', '.join(silent)} gave nothing but 0, so little of what follows "
              "was seen; give livelier inputs with --input", file=sys.stderr)
