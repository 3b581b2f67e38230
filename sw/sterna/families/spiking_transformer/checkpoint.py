"""Checkpoints: a `.pth` of training scripts, whose names say the layers.

Source: `BICLab/Spike-Driven-Transformer-V2`, ``classification/``, spec/systems.md S7. Tensors lie
in one of `WITHIN` beside what training goes on with, or by themselves. A model that was distilled
has two linear maps to classes, ``head`` and ``head_kd``; its answer is their mean, which is one
such map.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sterna.errors import InputError
from sterna.families.spiking_transformer.configuration import HEAD, Configuration
from sterna.families.spiking_transformer.version import Version
from sterna.formats.pth import PthFile

WITHIN = ("model", "state_dict")
UNREAD = ("num_batches_tracked",)
PREFIX = "module."
"""Of every tensor of a model that was saved in its DataParallel."""
DISTILLED = "head_kd"
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Checkpoint:
    """A model as its authors saved it; tensors are in double precision, by their names."""

    configuration: Configuration
    tensors: dict[str, Tensor]
    distilled: bool


def read_checkpoint(version: Version, path: Path, image: int, heads: int) -> Checkpoint:
    """The model of a file, for images of so many rows and columns, and with so many heads.

    Names and shapes are checked before a tensor is read. Raises `InputError` naming the file and
    the tensor that is missing, superfluous, misshapen or not finite.
    """
    file = PthFile(path, WITHIN, (*UNREAD, *version.unread))
    names = {name.removeprefix(PREFIX): name for name in file.shapes}
    if len(names) < len(file.shapes):
        raise InputError(f"{path}: has tensors with and without {PREFIX} in front of the same name")
    shapes = {name: file.shapes[named] for name, named in names.items()}
    try:
        configuration = version.configured(shapes, image, heads)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    distilled = version.distilled and f"{DISTILLED}.weight" in shapes
    _require(version, path, shapes, configuration, distilled)

    def tensor(name: str) -> Tensor:
        values = np.asarray(file.tensor(names[name]), np.float64)
        if not np.isfinite(values).all():
            raise InputError(f"{path}: tensor {name} holds NaN or infinity")
        if (told := version.wrong(name, values)) is not None:
            raise InputError(f"{path}: tensor {name} holds {told}")
        return torch.from_numpy(values)

    tensors = {name: tensor(name) for name in configuration.shapes()}
    if distilled:
        for part in ("weight", "bias"):
            tensors[f"{HEAD}.{part}"] += tensor(f"{DISTILLED}.{part}")
            tensors[f"{HEAD}.{part}"] /= 2
    return Checkpoint(configuration, tensors, distilled)


def _require(version: Version, path: Path, shapes: Shapes, configuration: Configuration,
             distilled: bool) -> None:
    wanted = configuration.shapes()
    if distilled:
        wanted |= {name.replace(HEAD, DISTILLED): shape for name, shape in wanted.items()
                   if name.startswith(f"{HEAD}.")}
    for name, shape in wanted.items():
        if name not in shapes:
            raise InputError(f"{path}: tensor {name} is missing")
        if shapes[name] != shape:
            raise InputError(f"{path}: tensor {name} has shape {list(shapes[name])}, not "
                             f"{list(shape)}")
    if extra := sorted(shapes.keys() - wanted.keys()):
        raise InputError(f"{path}: tensor {extra[0]} is not part of {version.name} of "
                         f"{configuration.told}")
