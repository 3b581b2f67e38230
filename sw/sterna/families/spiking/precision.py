"""Planes of all that leads to each population of a spiking network, chosen by what they change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.precision import COUNTS, Choice, Chosen, Level, Measured, choose
from sterna.families.spiking.array_file import array_names
from sterna.families.spiking.classes import told_classes
from sterna.families.spiking.codes import input_codes, random_inputs
from sterna.families.spiking.compare import held_against
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.input_file import open_input
from sterna.families.spiking.labelled import LABELS, open_labelled
from sterna.families.spiking.network import RealNetwork, Reals
from sterna.families.spiking.quantise import SpikingFormats, quantise
from sterna.families.spiking.recording.files import HDF5
from sterna.law.neuron import Output
from sterna.machine.units.ternary import MOST_PLANES, TRITS_PER_BYTE
from sterna.progress import Report

MOST_CLASSES, MOST_STEPS = 0.01, 0.005
"""Targets unless told otherwise: samples of another class, neuron steps of another output."""
SAMPLES, STEPS, RATE = 32, 50, 0.2
"""Of random inputs."""
LABELLED, LONGEST, MOST_OUTPUTS = 200, 500, 1 << 22
"""Samples, steps, and outputs of all populations in all steps, that are looked at."""
BY = "sum"
"""What tells the class, see `sterna.families.spiking.classes`."""


@dataclass(frozen=True)
class _Data:
    """Inputs [steps, samples, inputs], and the class of each sample if it is known."""

    frames: Reals
    labels: NDArray[np.int64] | None
    name: str


def choose_planes(real: RealNetwork, formats: SpikingFormats, calibrate: Path | None,
                  target: float | None, report: Report) -> tuple[SpikingFormats, list[str]]:
    """The formats with the planes that keep the target, and what there is to tell of them.

    Raises `InputError` for a file that cannot be read, and for a network that has no integers.
    """
    data = _data(real, formats, calibrate, report)
    expected = real.run(data.frames)
    classes = told_classes(expected[real.output], BY)
    sizes = {item.name: sum(into.weights.size for into in real.connections
                            if into.target == item.name) for item in real.populations}
    sizes = {name: size for name, size in sizes.items() if size}
    right: dict[tuple[Level, ...], float] = {}

    def measure(choice: Choice) -> Measured:
        try:
            network = quantise(real, _with(formats, choice))
        except InputError:  # its gains do not fit
            return Measured(float("inf"), float("inf"))
        found = GoldenNetwork(network, data.frames.shape[1]).run(input_codes(network, data.frames))
        spikes, _ = held_against(real, found, expected, formats.fraction)
        differ = sum(item.differ for item in spikes) / max(1, sum(item.values for item in spikes))
        noise = _noise(real, found, expected, formats.fraction)
        loss = differ + noise
        if data.labels is None:
            return Measured(loss, max(differ, noise**2))
        mine = told_classes(found[real.output], BY)
        right[tuple(choice.values())] = float((mine == data.labels).mean())
        return Measured(loss, float((mine != classes).mean()))

    starts = [dict.fromkeys(sizes, Level(planes)) for planes in (formats.planes, MOST_PLANES)]
    usual = MOST_STEPS if data.labels is None else MOST_CLASSES
    chosen = choose(starts, sizes, measure, usual if target is None else target, report, COUNTS)
    lines = [*_told(chosen, sizes, data)]
    if data.labels is not None:
        exact = float((classes == data.labels).mean())
        found = right.get(tuple(chosen.choice.values()), 0.0)
        lines.append(f"  right: {found:.1%} of the samples, {exact:.1%} by real numbers")
    return _with(formats, chosen.choice), lines


def _noise(real: RealNetwork, found: Mapping[str, NDArray[np.integer]],
           expected: Mapping[str, Reals], fraction: int) -> float:
    """The rms of what membranes that are given out are off by, over their own; the largest."""
    names = [item.name for item in real.populations if item.definition.output is not Output.SPIKE]
    rms = [(np.square(found[name] * 2.0**-fraction - expected[name]).mean(),
            np.square(expected[name]).mean()) for name in names]
    return max((float(np.sqrt(error / own)) for error, own in rms if own), default=0.0)


def _with(formats: SpikingFormats, choice: Choice) -> SpikingFormats:
    return replace(formats, planes_to={name: level.planes for name, level in choice.items()})


def _data(real: RealNetwork, formats: SpikingFormats, path: Path | None, report: Report) -> _Data:
    """The samples of a file, else random ones."""
    network = quantise(real, replace(formats, planes=MOST_PLANES))
    if path is None:
        return _Data(random_inputs(network, STEPS, SAMPLES, RATE, 0), None,
                     f"{SAMPLES} samples of {STEPS} random steps")
    labels = None
    if path.is_dir() or path.suffix in HDF5 or (
            path.suffix == ".npz" and LABELS in array_names(path)):
        classes = network.population(real.output).neurons
        labelled = open_labelled(path, real.inputs, classes, report=report)
        inputs, labels = labelled.inputs, labelled.labels
    else:
        inputs = open_input(path, real.inputs, report)
    neurons = sum(item.neurons for item in real.populations)
    steps = min(inputs.shape[0], LONGEST)
    samples = max(1, min(LABELLED, MOST_OUTPUTS // (steps * neurons)))
    blocks, read = [], 0
    for block in inputs.blocks(report):
        blocks.append(block[:, :samples])
        read += len(block)
        if read >= steps:
            break
    frames = np.concatenate(blocks)[:steps]
    _ = input_codes(network, frames)  # raises for those that codes do not stand for
    return _Data(frames, None if labels is None else labels[:samples],
                 f"{frames.shape[1]} samples of {path.name}")


def _told(chosen: Chosen, sizes: dict[str, int], data: _Data) -> Iterator[str]:
    """What was chosen, and what it takes."""
    what = ("of neuron steps, or of membranes' power, that differ" if data.labels is None
            else "samples of another class")
    planes = next(iter(chosen.start.values())).planes
    yield (f"planes: {chosen.measured.figure:.2%} {what}, in {data.name}; at most "
           f"{chosen.target:.2%} wanted; {chosen.before.figure:.2%} with {planes} planes of all; "
           f"{chosen.measurements} measurements")
    yield from chosen.warnings
    every = sum(sizes[name] * level.planes for name, level in chosen.choice.items())
    for name, level in chosen.choice.items():
        trits = sizes[name] * level.planes
        yield (f"  to {name}: {level.told()}, "
               f"{-(-trits // TRITS_PER_BYTE):,} bytes, {trits / every:.1%} of all trits")
    whole = sum(sizes.values()) * planes
    yield (f"  all: {-(-every // TRITS_PER_BYTE):,} bytes of weights, {every / whole:.1%} of those "
           f"with {planes} planes")
