"""What `sterna run` and `sterna eval` do with a spiking network."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING

from sterna.cli.spiking_inputs import InputOptions, wide_enough
from sterna.cli.spiking_options import SpikingOptions, refuse_nir_options
from sterna.cli.spiking_outputs import spikes_or_sums
from sterna.cli.terminal import ProgressReport, print_json, print_table
from sterna.errors import CheckError, InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sterna.families.spiking.compare import Comparison, Difference, ReadOut
    from sterna.families.spiking.integers import SpikingNetwork
    from sterna.families.spiking.network import RealNetwork
    from sterna.families.spiking.nir.options import NirChoices, NirReading
    from sterna.program.definition import Program

NIR_SUFFIX = ".nir"
EVALUATION_STEPS, EVALUATION_BATCH, EVALUATION_RATE = 100, 8, 0.2


@dataclass(frozen=True)
class OpenSpiking:
    """A spiking network with the name it was given by; real where its real weights are known."""

    name: str
    network: SpikingNetwork
    real: RealNetwork | None

    @property
    def program(self) -> Program:
        """What machines execute."""
        from sterna.families.spiking.lowering import lower

        return lower(self.network)


def open_spiking(
    text: str, choices: NirChoices | None = None, command: str = "import"
) -> OpenSpiking | None:
    """The spiking network that a MODEL argument names, or None when it names something else.

    `choices` say how a NIR graph is read, and are refused for another model; `command` is what a
    line about a guess repeats.
    """
    from sterna.families.spiking.examples import EXAMPLES
    from sterna.families.spiking.quantise import quantise
    from sterna.families.spiking.store import is_spiking, load_network

    if Path(text).suffix == NIR_SUFFIX and text not in EXAMPLES:
        return _open_graph(Path(text), choices, command)
    refuse_nir_options(text, choices)
    if text in EXAMPLES:
        real = EXAMPLES[text]()
        return OpenSpiking(text, quantise(real), real)
    if is_spiking(Path(text)):
        return OpenSpiking(text, load_network(Path(text)), None)
    return None


def _open_graph(path: Path, choices: NirChoices | None, command: str) -> OpenSpiking:
    """A NIR graph; what is not chosen follows its producer. Standard error tells what it is."""
    from sterna.families.spiking.compare import told_losses
    from sterna.families.spiking.nir.graph import read_nir
    from sterna.families.spiking.quantise import quantise

    if not path.is_file():
        raise InputError(f"{path}: file not found")
    real, reading = read_nir(path, choices)
    words = ["sterna", command, str(path), *(choices.words if choices else [])]
    for line in reading_lines(reading, words):
        print(f"{path}: {line}", file=sys.stderr)
    network = quantise(real)
    for line in told_losses(real, network):
        print(f"{path}: {line}", file=sys.stderr)
    return OpenSpiking(str(path), network, real)


def reading_lines(reading: NirReading, words: list[str]) -> list[str]:
    """What to tell of a graph's reading; of a guess the commands, of these words, to choose from.
    """
    lines = [reading.line, *reading.notes]
    readings = reading.recognition.readings
    if readings:
        either = " or ".join(join([*words, "--producer", name]) for name in readings)
        lines.append(f"say who wrote it: {either}")
    return lines


def run_spiking(
    opened: OpenSpiking, device: str, inputs: InputOptions, output: Path | None, steps: int,
    seed: int, options: SpikingOptions, image: Path | None = None, sources: Sequence[Path] = (),
) -> None:
    """Run the network on a file, or on random inputs, and tell what its populations did.

    The golden tells of all populations, other devices of the network's output. `image` is loaded
    into the device instead of what the network becomes now; `sources` is what else was read.
    """
    from sterna.families.spiking.golden import GoldenNetwork
    from sterna.files.arrays import check_file, save_arrays
    from sterna.law.neuron import Output

    sources = [*sources, *(path for path in (inputs.source, image) if path is not None)]
    if output is not None:
        check_file(output, sources)
    fixed = options.config is not None or image is not None or "://" in device
    taken = inputs.take(opened.network, steps, seed, fixed)
    network, codes = taken.network, taken.codes
    opened = replace(opened, network=network)
    if not fixed:
        options = replace(options, code_bits=wide_enough(options.code_bits, codes))
    if device == "golden" and image is None:
        golden = GoldenNetwork(network, codes.shape[1])
        outputs = golden.run(codes)
        for name, count in golden.saturated().items():
            print(f"{opened.name}: {name}: {saturation_line(count)}", file=sys.stderr)
    else:
        outputs = {network.output: _run_on(opened, device, codes, options, image)}
    if output is not None:
        save_arrays(output, outputs, sources)
    rows: list[tuple[str, object]] = [("steps", f"{codes.shape[0]} x {codes.shape[1]}")]
    for item in network.populations:
        if item.name not in outputs:
            continue
        values = outputs[item.name]
        rows.append(
            (item.name, spikes_or_sums(values, item.definition.output is Output.SPIKE)))
    print_table(rows)


def _run_on(
    opened: OpenSpiking, device: str, codes: NDArray[np.int64], options: SpikingOptions,
    image: Path | None = None,
) -> NDArray[np.int64]:
    """Outputs [steps, batch, neurons] of a simulated or real board, one of a batch at a time."""
    from sterna.tasks.open_spiking import open_spiking_device, open_spiking_image
    from sterna.tasks.run_image import run_steps

    program = opened.program
    with ProgressReport() as report:
        machine = (
            open_spiking_device(device, program, options.fitted(program), report,
                                timeout=options.timeout)
            if image is None
            else open_spiking_image(device, program, image, report, options.timeout))
        try:
            return run_steps(machine, codes, report)
        finally:
            machine.close()


def evaluate_spiking(
    opened: OpenSpiking, samples: int, seed: int, device: str | None, json: bool,
    timeout: float | None = None,
) -> None:
    """Spikes that quantisation changes, by population; for `l2mu` also the accuracies.

    With a device its accuracy too, and how many of its outputs are not the golden's: a `CheckError`
    if any.
    """
    from sterna.families.spiking.codes import random_inputs
    from sterna.families.spiking.compare import compare_all

    if opened.real is None:
        raise InputError(
            f"{opened.name}: its real weights are not kept; `sterna import` told what "
            "quantisation changed"
        )
    if samples < 1:
        raise InputError(f"samples is {samples}; it must be at least 1")
    if seed < 0:
        raise InputError(f"seed is {seed}; it must be 0 or more")
    values: dict[str, object] = {"model": opened.name}
    if opened.name == "l2mu":
        values |= _accuracies(opened, samples, seed, device, timeout)
    elif device is not None:
        raise InputError(f"{opened.name}: has no task to be right at; only l2mu takes --device")
    frames = random_inputs(
        opened.network, EVALUATION_STEPS, EVALUATION_BATCH, EVALUATION_RATE, seed
    )
    found = compare_all(opened.real, opened.network, frames)
    if json:
        print_json(values | {
            "populations": [asdict(item) for item in found.differences],
            "read_outs": [asdict(item) for item in found.read_outs],
            "saturated": found.saturated,
        })
    else:
        print_table([
            *values.items(),
            *((item.population, difference_line(item)) for item in found.differences),
            *((item.population, read_out_line(item)) for item in found.read_outs),
            *((name, saturation_line(count)) for name, count in found.saturated.items()),
        ])
    if values.get("outputs_unlike_golden"):
        raise CheckError(f"{values['outputs_unlike_golden']} outputs differ from the golden")


def difference_line(item: Difference) -> str:
    """How a population's spikes compare with those of the real network."""
    return (f"{item.spikes} spikes, {item.differ} of {item.values} neuron steps differ "
            f"({item.differ / item.values:.3%})")


def read_out_line(item: ReadOut) -> str:
    """How the membranes of a population without spikes compare."""
    return f"membranes of up to {item.largest:.4g}, off by at most {item.error:.3g}"


def saturation_line(count: int) -> str:
    """What saturation is, and the way out."""
    return (f"{count} neuron steps at the limit of the membrane's bits; import with a lower "
            "--fraction, or smaller inputs")


def comparison_lines(found: Comparison, sources: dict[str, str]) -> list[str]:
    """What `sterna import` tells of the integers; `sources` name what each was compared with."""
    return [
        *(f"{item.population}: {difference_line(item)}, {sources[item.population]}"
          for item in found.differences),
        *(f"{item.population}: {read_out_line(item)}, {sources[item.population]}"
          for item in found.read_outs),
        *(f"{name}: {saturation_line(count)}" for name, count in found.saturated.items()),
    ]


def _accuracies(
    opened: OpenSpiking, samples: int, seed: int, device: str | None, timeout: float | None
) -> dict[str, object]:
    from sterna.families.spiking.golden import GoldenNetwork
    from sterna.families.spiking.patterns import burst_orders

    assert opened.real is not None
    spikes, labels = burst_orders(samples, seed)
    network = opened.network
    expected = opened.real.run(spikes.astype(float))[network.output].sum(0).argmax(1)
    outputs = GoldenNetwork(network, samples).run(spikes)[network.output]
    found = outputs.sum(0).argmax(1)
    values: dict[str, object] = {
        "samples": samples,
        "float_accuracy": float((expected == labels).mean()),
        "golden_accuracy": float((found == labels).mean()),
        "same_class": float((expected == found).mean()),
    }
    if device is not None:
        computed = _run_on(opened, device, spikes, SpikingOptions(timeout=timeout))
        values |= {
            "device": device,
            "device_accuracy": float((computed.sum(0).argmax(1) == labels).mean()),
            "outputs_unlike_golden": int((computed != outputs).sum()),
        }
    return values
