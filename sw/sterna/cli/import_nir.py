"""What `sterna import` does with a NIR graph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sterna.cli.import_module import compare_with_source
from sterna.cli.spiking import comparison_lines, reading_lines
from sterna.errors import InputError

if TYPE_CHECKING:
    from sterna.families.spiking.network import RealNetwork, Reals
    from sterna.families.spiking.nir.options import NirChoices
    from sterna.families.spiking.quantise import SpikingFormats

REPORT_STEPS, REPORT_BATCH, REPORT_RATE = 100, 4, 0.2


@dataclass(frozen=True)
class NirArguments:
    """The options of the command."""

    choices: NirChoices
    against: str | None
    shape: tuple[int, ...] | None
    formats: SpikingFormats


def import_nir(source: Path, output: Path, arguments: NirArguments) -> None:
    """Write the model folder; tell what was chosen, and which spikes the integers change."""
    from sterna.families.spiking.codes import random_inputs
    from sterna.families.spiking.compare import compare_all, told_losses
    from sterna.families.spiking.nir.graph import read_nir
    from sterna.families.spiking.quantise import quantise
    from sterna.families.spiking.store import save_network

    if not source.is_file():
        raise InputError(f"{source}: file not found")
    real, reading = read_nir(source, arguments.choices)
    formats = arguments.formats
    network = quantise(real, formats)
    agreement = None
    if arguments.against is not None:
        agreement = compare_with_source(real, arguments.against, arguments.shape)
    save_network(network, output, [source])
    words = ["sterna", "import", str(source), *arguments.choices.words, "-o", str(output)]
    for line in reading_lines(reading, words):
        print(f"{output}: {line}")
    print(f"{output}: float network: " + (
        "not compared with its framework; --against net.py:make_net does, with the module that "
        "the graph was written of" if agreement is None else agreement.summary()))
    frames = random_inputs(network, REPORT_STEPS, REPORT_BATCH, REPORT_RATE, 0)
    source_line = "on random inputs, from the float network so read"
    sources = {item.name: source_line for item in real.populations}
    found = compare_all(real, network, frames, fraction=formats.fraction)
    for line in (*told_losses(real, network), *comparison_lines(found, sources),
                 *_at_the_limit(real, frames)):
        print(f"{output}: {line}")
    print(f"{output}: imported; try: sterna run {output}")


def _at_the_limit(real: RealNetwork, frames: Reals) -> list[str]:
    """Populations that hand on as many spikes in a step as they can; frameworks may know no limit.
    """
    several = [item for item in real.populations if item.definition.max_count > 1]
    outputs = real.run(frames) if several else {}
    lines = []
    for item in several:
        most = item.definition.max_count
        reached = int((outputs[item.name] >= most).sum())
        if reached:
            lines.append(f"{item.name}: {reached} neuron steps reach {most} spikes, the most of a "
                         "step here, where the framework may give more")
    return lines
