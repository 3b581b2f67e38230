"""What `sterna run` and `sterna eval` do with a spiking network."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sterna.cli.terminal import print_json, print_table
from sterna.errors import InputError

if TYPE_CHECKING:
    from sterna.models.spiking import RealNetwork
    from sterna.program.spiking import SpikingNetwork

EVALUATION_STEPS, EVALUATION_BATCH, EVALUATION_RATE = 100, 8, 0.2


@dataclass(frozen=True)
class OpenSpiking:
    """A spiking network with the name it was given by; real where its real weights are known."""

    name: str
    network: SpikingNetwork
    real: RealNetwork | None


def open_spiking(text: str) -> OpenSpiking | None:
    """The spiking network that a MODEL argument names, or None when it names something else."""
    from sterna.models.spiking_examples import EXAMPLES
    from sterna.models.spiking_quantise import quantise
    from sterna.models.spiking_store import is_spiking, load_network

    if text in EXAMPLES:
        real = EXAMPLES[text]()
        return OpenSpiking(text, quantise(real), real)
    if is_spiking(Path(text)):
        return OpenSpiking(text, load_network(Path(text)), None)
    return None


def run_spiking(
    opened: OpenSpiking, device: str, source: Path | None, output: Path | None, steps: int,
    seed: int,
) -> None:
    """Run the golden network on a file, or on random spikes, and tell what every population did."""
    import numpy as np

    from sterna.golden.spiking import GoldenNetwork
    from sterna.models.spiking_input import random_input, read_input
    from sterna.models.spiking_quantise import input_codes
    from sterna.program.neuron import Output

    if device != "golden":
        raise InputError(f"{opened.name}: a spiking network runs on device golden, not {device}")
    network = opened.network
    if source is not None:
        frames = read_input(source, network.inputs)
    else:
        frames = random_input(network.inputs, steps, 1, EVALUATION_RATE, seed)
    outputs = GoldenNetwork(network, frames.shape[1]).run(input_codes(network, frames))
    if output is not None:
        try:
            with output.open("wb") as file:
                np.savez_compressed(file, allow_pickle=False, **outputs)
        except OSError as error:
            raise InputError(f"{output}: cannot be written ({error.strerror})") from None
    rows: list[tuple[str, object]] = [("steps", f"{frames.shape[0]} x {frames.shape[1]}")]
    for item in network.populations:
        values = outputs[item.name]
        if item.definition.output is Output.SPIKE:
            text = f"{int(values.sum())} spikes, {values.mean():.2%} of {values.size}"
        else:
            best = values.sum(0).argmax(1)
            text = f"largest sum at {', '.join(str(int(index)) for index in best[:16])}"
        rows.append((item.name, text))
    print_table(rows)


def evaluate_spiking(opened: OpenSpiking, samples: int, seed: int, json: bool) -> None:
    """Spikes that quantisation changes, by population; for `l2mu` also the accuracies."""
    from sterna.models.spiking_input import random_input
    from sterna.models.spiking_quantise import compare

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
        values |= _accuracies(opened, samples, seed)
    frames = random_input(
        opened.network.inputs, EVALUATION_STEPS, EVALUATION_BATCH, EVALUATION_RATE, seed
    )
    differences = compare(opened.real, opened.network, frames)
    if json:
        print_json(values | {"populations": [asdict(item) for item in differences]})
        return
    print_table([
        *values.items(),
        *((item.population, difference_line(item.spikes, item.differ, item.values))
          for item in differences),
    ])


def difference_line(spikes: int, differ: int, values: int) -> str:
    """How a population's spikes compare with those of the real network."""
    return f"{spikes} spikes, {differ} of {values} neuron steps differ ({differ / values:.3%})"


def _accuracies(opened: OpenSpiking, samples: int, seed: int) -> dict[str, object]:
    from sterna.golden.spiking import GoldenNetwork
    from sterna.models.patterns import burst_orders

    assert opened.real is not None
    spikes, labels = burst_orders(samples, seed)
    network = opened.network
    expected = opened.real.run(spikes.astype(float))[network.output].sum(0).argmax(1)
    found = GoldenNetwork(network, samples).run(spikes)[network.output].sum(0).argmax(1)
    return {
        "samples": samples,
        "float_accuracy": float((expected == labels).mean()),
        "golden_accuracy": float((found == labels).mean()),
        "same_class": float((expected == found).mean()),
    }
