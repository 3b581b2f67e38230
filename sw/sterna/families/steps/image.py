"""Time steps of a network of which only the image is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.spiking.codes import encode, encode_blocks, fractions_for, random_inputs
from sterna.families.spiking.input_file import open_input
from sterna.families.spiking.recording.binning import Binning
from sterna.host.spiking_device import SpikingDevice
from sterna.law.codes import LEAST_FRACTION, MOST_FRACTION
from sterna.machine.host_side import HostSide
from sterna.machine.snapshot import State
from sterna.machine.unit import MOST
from sterna.progress import Progress, Report

RATE = 0.2
OUTPUT = ""


@dataclass(frozen=True)
class StepInputs:
    """Codes [steps, batch, inputs], and what to tell of them."""

    codes: NDArray[np.integer]
    told: str | None = None


@dataclass(frozen=True)
class _Shape:
    inputs: int
    input_fraction: int


def check_facts(path: Path, side: HostSide) -> None:
    """Raise `InputError` for an image whose host side is none of a network's."""
    rules: dict[str, Callable[[Any], bool]] = {
        "inputs": lambda value: type(value) is int and 1 <= value <= MOST,
        "input_fraction": lambda value: (
            type(value) is int and LEAST_FRACTION <= value <= MOST_FRACTION),
        "output": lambda value: isinstance(value, str),
        "spikes": lambda value: isinstance(value, bool),
        "probes": lambda value: value is None or isinstance(value, dict) and all(
            isinstance(item, dict) and isinstance(item.get("spikes"), bool)
            and all(type(item.get(key, 0)) is int and 0 <= item.get(key, 0) <= MOST
                    for key in ("place", "outputs"))
            and "outputs" in item for item in value.values()),
    }
    for name, right in rules.items():
        if not right(value := side.facts.get(name)):
            raise InputError(f"{path}: {name} of its network is {value!r}; make the image again")


def step_inputs(side: HostSide, source: Path | None, steps: int, seed: int,
                fraction: int | None = None, allow_rounding: bool = False,
                report: Report | None = None, before: int = 0,
                binning: Binning | None = None) -> StepInputs:
    """The inputs of a file as codes, or random ones, in the fraction of the image.

    ``before`` random ones of the seed are left out.

    Raises `InputError` for another fraction, and when half of the inputs are rounded or clamped.
    """
    shape = _Shape(side.facts["inputs"], side.facts["input_fraction"])
    own = shape.input_fraction
    if fraction not in (None, own):
        raise InputError(f"--input-fraction {fraction}: the image was made with {own}; leave it "
                         "out, or make the image again")
    if source is None:
        frames = random_inputs(shape, before + steps, 1, RATE, seed)[before:]
        return StepInputs(encode(frames, own).codes)
    file = open_input(source, shape.inputs, report, binning)
    encoded = encode_blocks(file.blocks(report), file.shape, own)
    if encoded.exact:
        return StepInputs(encoded.codes)
    if not allow_rounding:
        encoded.check(str(source), "the image's", fractions_for(file.blocks()).best)
    return StepInputs(encoded.codes,
                      f"{source}: input fraction {own} (the image's), {encoded.summary()}")


def run_steps(device: SpikingDevice, codes: NDArray[np.integer], progress: Progress,
              start: State | None = None) -> NDArray[np.int64]:
    """Outputs [steps, batch, neurons], one of a batch at a time from a reset on, or a state."""
    return run_probed(device, codes, progress, start)[OUTPUT]


def run_probed(device: SpikingDevice, codes: NDArray[np.integer], progress: Progress,
               start: State | None = None, states: Mapping[str, str] | None = None
               ) -> dict[str, NDArray[np.int64]]:
    """As `run_steps` under `OUTPUT`, and under their names what leaves beside it, and of ``states``
    what the device has kept under their values, which are read after each step."""
    results: list[list[dict[str, NDArray[np.int64]]]] = []
    done = 0
    for item in range(codes.shape[1]):
        device.reset()
        if start is not None:
            device.restore(start)
        results.append([])
        for row in codes[:, item]:
            step = device.step(row)
            kept = device.snapshot().values if states else {}
            results[-1].append({OUTPUT: step.outputs, **step.probes, **{
                name: kept[key] for name, key in (states or {}).items()}})
            done += 1
            progress("running steps", done, codes.shape[0] * codes.shape[1])
    return {name: np.array([[step[name] for step in item] for item in results], np.int64
                           ).swapaxes(0, 1) for name in results[0][0]}
