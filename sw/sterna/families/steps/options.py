"""Options of models that run in time steps, and of the accelerators for them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sterna.errors import InputError
from sterna.law.codes import LEAST_FRACTION, MOST_FRACTION
from sterna.numerals import whole
from sterna.options import option, seed

if TYPE_CHECKING:
    from sterna.families.spiking.recording.binning import Binning

MOST_STEPS = 10**7
"""Of random inputs, of which a run keeps a gigabyte at most."""
MOST_LANES = 1 << 12
"""Of synapses, and of neurons."""


@dataclass(frozen=True)
class Inputs:
    """What a network takes: the frames or events of a file."""

    input: Path | None = option(
        None, "Frames (.npz, .npy), lines of step,address, or a recording of events (.aedat4, "
        "N-MNIST's .bin, SHD's .h5, lines with times); else random inputs.",
        metavar="FILE", reads=True)
    input_fraction: int | None = option(
        None, "Fraction bits of real-valued inputs; else those that suit the file.",
        least=LEAST_FRACTION, most=MOST_FRACTION, project="formats.input-fraction")


@dataclass(frozen=True)
class Recordings:
    """How the events of recordings become steps."""

    dt: float | None = option(None, "Seconds of a step of a recording.", least=0, above=True,
                              most=1e6)
    bin: float | None = option(
        None, "Seconds of a step of a recording, where those of --dt are a graph's alone.",
        least=0, above=True, most=1e6, metavar="SECONDS")
    sensor: str | None = option(
        None, "Pixels of a recording's camera, such as 128x128; .aedat4 says them, .bin has 34x34.",
        metavar="WIDTHxHEIGHT")

    def binning(self, samples: int | None = None) -> Binning:
        """The options as the readers take them. Raises `InputError`."""
        from sterna.families.spiking.recording.binning import Binning, Sensor

        return Binning(self.dt if self.bin is None else self.bin, Sensor.of(self.sensor), samples,
                       only=(self.bin, self.sensor) != (None, None))


@dataclass(frozen=True)
class RecordedSamples:
    samples: int | None = option(None, "Samples of a file of many, SHD's (1).", least=1, most=10**6)


@dataclass(frozen=True)
class Rounding:
    allow_rounding: bool = option(
        False, "Go on when half of the inputs of a file are rounded or clamped.")


@dataclass(frozen=True)
class Steps:
    steps: int = option(50, "Time steps of random inputs (50; `run` takes 100).", least=1,
                        most=MOST_STEPS)


@dataclass(frozen=True)
class RunSteps(Steps):
    steps: int = option(100, "Time steps of random inputs (100).", least=1, most=MOST_STEPS)


@dataclass(frozen=True)
class Seed:
    seed: int = seed("Seed of random inputs.")


@dataclass(frozen=True)
class Outputs:
    output: Path | None = option(None, "Write every output, an .npz.", "-o", "--output",
                                 metavar="FILE")


@dataclass(frozen=True)
class Probes:
    probe: list[str] | None = option(
        None, "Also what this population gives, or its state, such as hidden.v, its membrane: in "
        "integers; again for another.", metavar="NAME[.v]")


@dataclass(frozen=True)
class Config:
    config: str | None = option(
        None, "Shape to start from: the configuration.json of a build.", metavar="PRESET|FILE",
        project="shape.config")


@dataclass(frozen=True)
class Shape:
    """What shapes the accelerator, and is not given by the network."""

    lanes: int | None = option(None, "Synapses accumulated a clock (16).", least=1, most=MOST_LANES,
                              project="shape.lanes")
    neuron_lanes: int | None = option(
        None, "Neurons updated a clock (4).", least=1, most=MOST_LANES,
        project="shape.neuron-lanes")
    code_bits: int | None = option(
        None, "Width of codes; 2 for spikes, 8 for counts and real inputs.", least=2, most=8,
        project="shape.code-bits")


def lane_count(lanes: object) -> int | None:
    """The number, None where none is given. Raises `InputError` for what is none."""
    if lanes is None:
        return None
    count = whole(str(lanes))
    if count is None or not 1 <= count <= MOST_LANES:
        raise InputError(f"lanes is {lanes!r}; give a whole number from 1 to {MOST_LANES}")
    return count


@dataclass(frozen=True)
class BoardShape(Shape):
    """The same beside a board; its lanes are an option of boards."""

    lanes: str | None = option(None, "Synapses accumulated a clock.", metavar="N|auto",
                              project="shape.lanes", refuse=lane_count)


@dataclass(frozen=True)
class Skip:
    skip: bool = option(True, "Leave silent sources out (usual).", "--skip/--no-skip")


@dataclass(frozen=True)
class Silent:
    silent: float | None = option(
        None, "Share of the input's codes that are 0.", least=0, most=1)


@dataclass(frozen=True)
class Layer:
    layer: str | None = option(
        None, "Instead of MODEL: one layer with random weights, such as 1024x1024.",
        metavar="INPUTSxNEURONS", for_model=True)


@dataclass(frozen=True)
class Samples:
    samples: int = option(500, "Samples to classify (500; of --data the first ones, usually all).",
                          least=1, most=10**6)


@dataclass(frozen=True)
class Labels:
    """Samples with labels, and by what a class is told."""

    data: Path | None = option(
        None, "Samples with labels, an .npz: frames [steps, samples, inputs], or events [events, "
        "3] of sample, step, address; labels [samples]. Or recordings: SHD's .h5, or a folder "
        "that has one for each class.", metavar="FILE", reads=True, or_folder=True)
    by: str = option(
        "sum", "The class is the output with the largest sum of the steps (counts of spikes, mean "
        "membranes; usual), the largest in the last step, or the most in any.",
        choices=("sum", "last", "most"))


@dataclass(frozen=True)
class CheckedDevice:
    device: str | None = option(None, "Classify on sim or a board too.")
