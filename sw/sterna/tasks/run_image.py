"""Runs what an image file holds, with nothing else of the model: no compiler, no PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.spiking.codes import encode, fraction_for, random_inputs
from sterna.families.spiking.input_file import read_input
from sterna.formats.tokenizer import Tokenizer
from sterna.host.spiking_device import SpikingDevice
from sterna.machine.host_side import TEXT, TOKENIZER, HostSide
from sterna.machine.image import MemoryImage
from sterna.progress import Progress

RATE = 0.2


@dataclass(frozen=True)
class Text:
    """How a language model reads and writes: its tokenizer, and the tokens that frame a text."""

    tokenizer: Tokenizer
    begin: int | None
    end: int | None


@dataclass(frozen=True)
class StepInputs:
    """Codes [steps, batch, inputs], and what to tell of them."""

    codes: NDArray[np.int64]
    told: str | None = None


@dataclass(frozen=True)
class _Shape:
    inputs: int
    input_fraction: int


def load_runnable(path: Path) -> tuple[MemoryImage, HostSide]:
    """An image file and what the host needs to run it. Raises `InputError` when that is not in it.
    """
    image = MemoryImage.load(path)
    if image.host is None:
        raise InputError(f"{path}: the model has no tokenizer.json, so its image takes no text; "
                         "import the model again with one, and make the image again")
    return image, image.host


def text_side(tokenizer: Path | None, begin: int | None, end: int | None) -> HostSide | None:
    """What goes into a language model's image; None for a model without a tokenizer."""
    if tokenizer is None:
        return None
    return HostSide(TEXT, {"begin": begin, "end": end}, {TOKENIZER: tokenizer.read_bytes()})


def text_of(path: Path, side: HostSide) -> Text:
    """How the model of an image file reads and writes. Raises `InputError` for a network's."""
    if side.use != TEXT:
        raise InputError(f"{path}: is the image of a spiking network, which takes no text")
    tokenizer = Tokenizer.from_bytes(side.files[TOKENIZER], f"{path}, {TOKENIZER}")
    return Text(tokenizer, side.facts["begin"], side.facts["end"])


def step_inputs(side: HostSide, source: Path | None, steps: int, seed: int,
                fraction: int | None = None, allow_rounding: bool = False) -> StepInputs:
    """The inputs of a file as codes, or random ones, in the fraction of the image.

    Raises `InputError` for another fraction, and when half of the inputs are rounded or clamped.
    """
    shape = _Shape(side.facts["inputs"], side.facts["input_fraction"])
    own = shape.input_fraction
    if fraction not in (None, own):
        raise InputError(f"--input-fraction {fraction}: the image was made with {own}; leave it "
                         "out, or make the image again")
    if source is None:
        return StepInputs(encode(random_inputs(shape, steps, 1, RATE, seed), own).codes)
    encoded = encode(frames := read_input(source, shape.inputs), own)
    if encoded.exact:
        return StepInputs(encoded.codes)
    if not allow_rounding:
        encoded.check(str(source), "the image's", fraction_for(frames))
    return StepInputs(encoded.codes,
                      f"{source}: input fraction {own} (the image's), {encoded.summary()}")


def run_steps(device: SpikingDevice, codes: NDArray[np.int64], progress: Progress
              ) -> NDArray[np.int64]:
    """Outputs [steps, batch, neurons], one of a batch at a time from a reset on."""
    results = []
    for item in range(codes.shape[1]):
        device.reset()
        results.append([device.step(row).outputs for row in codes[:, item]])
        progress("running", item + 1, codes.shape[1])
    return np.array(results).swapaxes(0, 1)
