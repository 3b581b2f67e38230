"""What is imported of a NIR graph."""

from __future__ import annotations

from pathlib import Path

from sterna.families.requests import ImportRequest
from sterna.families.spiking.codes import random_inputs
from sterna.families.spiking.compare import compare_all
from sterna.families.spiking.comparison import comparison_lines
from sterna.families.spiking.formats import check_formats, formats_of
from sterna.families.spiking.import_module import (
    REPORT_BATCH,
    REPORT_RATE,
    REPORT_STEPS,
    compare_with_source,
)
from sterna.families.spiking.losses import told_losses
from sterna.families.spiking.model import reading_lines
from sterna.families.spiking.network import RealNetwork, Reals
from sterna.families.spiking.nir.graph import read_nir
from sterna.families.spiking.options import Against, InputShape, Nir
from sterna.families.spiking.quantise import quantise
from sterna.families.spiking.sources import parse_shape
from sterna.families.spiking.store import save_network
from sterna.progress import Report
from sterna.reading import require_file


def import_nir(source: Path, request: ImportRequest, report: Report) -> list[str]:
    """Write the model folder; tell what was chosen, and which spikes the integers change."""
    options, output = request.options, request.output
    shape = parse_shape(options.take(InputShape).input_shape)
    check_formats(options)
    choices, against = options.take(Nir).choices(), options.take(Against).against
    require_file(source)
    real, reading = read_nir(source, choices)
    formats, told = formats_of(real, options, report)
    network = quantise(real, formats)
    agreement = None
    if against is not None:
        agreement = compare_with_source(real, against, shape, report)
    save_network(network, output, [source])
    words = ["sterna", "import", str(source), *choices.words, "-o", str(output)]
    lines = [*reading_lines(reading, words), "float network: " + (
        "not compared with its framework; --against net.py:make_net does, with the module that "
        "the graph was written of" if agreement is None else agreement.summary())]
    frames = random_inputs(network, REPORT_STEPS, REPORT_BATCH, REPORT_RATE, 0)
    source_line = "on random inputs, from the float network so read"
    sources = {item.name: source_line for item in real.populations}
    found = compare_all(real, network, frames, fraction=formats.fraction)
    lines += [*told, *told_losses(real, network), *comparison_lines(found, sources),
              *_at_the_limit(real, frames), f"imported; try: sterna run {output}"]
    return [f"{output}: {line}" for line in lines]


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
