"""Folders of spiking transformers: ``config.json``, ``model.safetensors`` and their manifest.

Tensors have the authors' names and 32 bits; what maps between convolutions are given room for lies
beside them, as ``reach.`` and the name of the map.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save
from torch import Tensor

from sterna.errors import InputError
from sterna.families.spiking_transformer.configuration import Configuration
from sterna.families.spiking_transformer.normed import Reals
from sterna.families.spiking_transformer.version import Version
from sterna.files.folder import replace_folder
from sterna.files.manifest import check_folder, write_manifest
from sterna.formats.tensor_file import TensorFile
from sterna.law.codes import LEAST_FRACTION, MOST_FRACTION
from sterna.reading import read_json

CONFIG, TENSORS = "config.json", "model.safetensors"
REACH = "reach."
TYPES = ("F32",)


@dataclass(frozen=True)
class Stored:
    """A model; ``peaks`` are what its maps are given room for, [channels] each, by name."""

    configuration: Configuration
    tensors: dict[str, Tensor]
    peaks: Mapping[str, Reals]
    input_fraction: int


def save_model(version: Version, model: Stored, folder: Path, sources: Iterable[Path] = ()) -> None:
    """Write a folder, whole or not at all; ``sources`` is what was read for it.

    Raises `InputError` as `sterna.files.folder.replace_folder` does.
    """
    tensors = {name: value.float().numpy() for name, value in model.tensors.items()}
    tensors |= {REACH + name: values.astype(np.float32) for name, values in model.peaks.items()}
    config = {"model_type": version.model_type, "input_fraction": model.input_fraction,
              **asdict(model.configuration)}
    with replace_folder(folder, version.format, sources) as partial:
        (partial / CONFIG).write_text(json.dumps(config, indent=1) + "\n")
        # Not `save_file`, whose errors say nothing of the disk.
        (partial / TENSORS).write_bytes(save(tensors))
        write_manifest(partial, version.format)


def load(version: Version, folder: Path) -> Stored:
    """Read a folder: digests, names, types and shapes are checked.

    Raises `InputError` when it is damaged or of another version.
    """
    check_folder(folder, version.format, (CONFIG, TENSORS))
    path, remedy = folder / CONFIG, version.format.remedy
    config = read_json(path)
    try:
        configuration = version.configuration(**{
            item.name: _whole(config[item.name]) for item in fields(version.configuration)})
        fraction = _whole(config["input_fraction"])
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: {error} is missing or wrong; {remedy}") from None
    except InputError as error:
        raise InputError(f"{path}: {error}; {remedy}") from None
    if not LEAST_FRACTION <= fraction <= MOST_FRACTION:
        raise InputError(f"{path}: input_fraction is {fraction}; {remedy}")
    file = TensorFile(folder / TENSORS)
    wanted = configuration.shapes()
    maps = configuration.maps()
    for name, shape in (wanted | {REACH + name: (size,) for name, size in maps.items()}).items():
        file.require(name, shape, TYPES)
    tensors = {name: torch.from_numpy(file.tensor(name)).double() for name in wanted}
    peaks = {name: file.tensor(REACH + name).astype(np.float64) for name in maps}
    return Stored(configuration, tensors, peaks, fraction)


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r}")
    return value
