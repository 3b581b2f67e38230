"""A checkpoint becomes a model folder, with what its maps reach."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import Tensor

from sterna.errors import InputError
from sterna.families.requests import ImportRequest
from sterna.families.spiking.codes import encode_blocks, fractions_for
from sterna.families.spiking.input_file import open_input
from sterna.families.spiking_transformer.checkpoint import DISTILLED, Checkpoint, read_checkpoint
from sterna.families.spiking_transformer.configuration import HEAD
from sterna.families.spiking_transformer.lowering import reached
from sterna.families.spiking_transformer.model import BATCH, STEPS
from sterna.families.spiking_transformer.options import Calibrate, Images
from sterna.families.spiking_transformer.random_model import frames, images, inputs
from sterna.families.spiking_transformer.store import Stored, save_model
from sterna.families.spiking_transformer.version import Version
from sterna.files.folder import check_target
from sterna.progress import Report

IMAGE_FRACTION = 5
"""Codes of this reach 3.97; images normalised as those of ImageNet reach 2.64."""


def import_checkpoint(version: Version, request: ImportRequest, report: Report) -> list[str]:
    """Read the checkpoint, find what its maps reach, write the folder; what there is to tell.

    Raises `InputError` for a checkpoint that is not supported, and for frames of another shape.
    """
    source, output = Path(str(request.model)), request.output
    chosen, given = request.options.take(Images), request.options.take(Calibrate).calibrate
    sources = [source, *([] if given is None else [given])]
    check_target(output, version.format, sources)  # before the work, not only after it
    found = read_checkpoint(version, source, chosen.image_size, chosen.heads)
    shape = found.configuration
    taken, fraction, summary = _frames(found, given, report)
    report("finding what maps reach", 0, 1)
    peaks = reached(version.reference(shape, found.tensors), taken)
    save_model(version, Stored(shape, found.tensors, peaks, fraction), output, sources)
    origin = ("random images; give --calibrate FRAMES of your own" if given is None
              else f"{taken.shape[1]} samples of {given}, {summary}")
    lines = [f"{shape.channels} channels of {shape.image} x {shape.image} (--image-size), "
             f"{shape.heads} heads (--heads), {shape.told}, {shape.classes} classes"]
    if found.distilled:
        lines.append(f"its classes are the mean of {HEAD} and {DISTILLED}, as one map")
    reach = f"reach of maps between convolutions from {origin}; " if peaks else ""
    lines += [f"{reach}inputs have {fraction} fraction bits",
              f"imported; try: sterna eval {output} --samples 2"]
    return [f"{output}: {line}" for line in lines]


def _frames(found: Checkpoint, given: Path | None, report: Report) -> tuple[Tensor, int, str]:
    """Frames [steps, samples, channels, rows, columns], as codes hold them, their fraction, and
    what that changes."""
    shape = found.configuration
    if given is None:
        return images(shape, STEPS, BATCH, 0, IMAGE_FRACTION), IMAGE_FRACTION, ""
    file = open_input(given, inputs(shape), report)
    fraction = fractions_for(file.blocks(report)).best
    encoded = encode_blocks(file.blocks(report), file.shape, fraction)
    if 2 * (encoded.zeroed + encoded.clamped) >= encoded.loud:
        told = encoded.summary() if encoded.loud else "holds nothing but zeros"
        raise InputError(f"{given}: {told}; give frames as the model was trained with, normalised")
    values = np.ldexp(encoded.codes.astype(float), -fraction)
    return frames(shape, values), fraction, encoded.summary()
