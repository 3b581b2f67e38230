"""A spiking network that was opened, by whatever names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING

from sterna.errors import InputError
from sterna.families.requests import EvaluateRequest, ReportRequest
from sterna.families.spiking.examples import EXAMPLES, layer
from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.spiking.losses import told_losses
from sterna.families.spiking.network import RealNetwork
from sterna.families.spiking.nir.graph import read_nir
from sterna.families.spiking.nir.options import NirChoices, NirReading
from sterna.families.spiking.quantise import quantise
from sterna.families.spiking.store import load_network
from sterna.families.steps.model import StepModel
from sterna.numerals import whole
from sterna.progress import Report
from sterna.reading import require_file

if TYPE_CHECKING:
    from sterna.families.family import Result


MOST_WEIGHTS = 1 << 25
"""Of a random layer, which are real numbers first."""


class SpikingModel(StepModel):
    """The network of integers; ``real`` where its real weights are known."""

    def __init__(self, name: str, network: SpikingNetwork, real: RealNetwork | None = None,
                 sources: Sequence[Path] = ()) -> None:
        super().__init__(name, sources)
        self.real = real
        self._network = network

    def lower(self) -> SpikingNetwork:
        """The network as it was stored or quantised."""
        return self._network

    def agreement(self, request: ReportRequest, network: SpikingNetwork, report: Report
                  ) -> Mapping[str, object]:
        """By ternary planes."""
        from sterna.families.spiking.agreement import agreement

        return agreement(self, request, network, report)

    def evaluate(self, request: EvaluateRequest, report: Report) -> Result:
        """Integers against real numbers."""
        from sterna.families.spiking.evaluate import evaluate

        return evaluate(self, request, report)


def open_example(name: str) -> SpikingModel:
    """A network that comes with Sterna."""
    real = EXAMPLES[name]()
    return SpikingModel(name, quantise(real), real)


def open_folder(path: Path) -> SpikingModel:
    """A network that was imported. Raises `InputError` when it is damaged."""
    return SpikingModel(str(path), load_network(path), sources=[path])


def open_layer(text: str, seed: int) -> SpikingModel:
    """A layer of LIF neurons with random weights of 8 bits, from a size such as ``1024x1024``.

    Raises `InputError` for another text.
    """
    sizes = [whole(part) for part in text.split("x")]
    if len(sizes) != 2 or None in sizes:
        raise InputError(f"layer is {text!r}; give inputs and neurons, such as 1024x1024")
    inputs, neurons = (size or 0 for size in sizes)
    if min(inputs, neurons) < 1 or inputs * neurons > MOST_WEIGHTS:
        raise InputError(f"layer is {text!r}; both sizes must be at least 1, and their product at "
                         f"most {MOST_WEIGHTS}")
    real = layer(inputs, neurons, seed)
    return SpikingModel(text, quantise(real), real)


def open_graph(path: Path, choices: NirChoices, command: str, report: Report) -> SpikingModel:
    """A NIR graph; what is not chosen follows its producer, and is a note of the report.

    ``command`` is what a line about a guess repeats.
    """
    require_file(path)
    real, reading = read_nir(path, choices)
    network = quantise(real)
    words = ["sterna", command, str(path), *choices.words]
    for line in (*reading_lines(reading, words), *told_losses(real, network)):
        report.note(f"{path}: {line}")
    return SpikingModel(str(path), network, real, [path])


def reading_lines(reading: NirReading, words: list[str]) -> list[str]:
    """What to tell of a graph's reading; of a guess the commands, of these words, to choose from.
    """
    lines = [reading.line, *reading.notes]
    readings = reading.recognition.readings
    if readings:
        either = " or ".join(join([*words, "--producer", name]) for name in readings)
        lines.append(f"say who wrote it: {either}")
    return lines
