"""Checkpoints of the authors: `.pth` and safetensors, whose names and shapes say the version.

Weights are taken as the file has them.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from sterna.errors import InputError
from sterna.families.rwkv.configuration import Configuration
from sterna.families.rwkv.sources import LAYER, SAFETENSORS, version_of
from sterna.families.rwkv.store import TYPES, finite
from sterna.families.rwkv.version import Shapes, Version
from sterna.families.rwkv.weights import Array, RwkvModel
from sterna.formats.pth import PthFile
from sterna.formats.tensor_file import TensorFile
from sterna.formats.vocabulary import TOKENIZER_FILE, read_tokenizer

AUTHORS_TOKENIZERS = ("20B_tokenizer.json", TOKENIZER_FILE, "rwkv_vocab*.txt")
"""Names of tokenizers that lie beside the authors' files; one of them, of several the first."""
END_OF_TEXT = 0
"""Of the authors' tokenizers."""
_CONVERTED = ("_strategy", "_rescale_layer", "_version")


class TensorSource(Protocol):
    """Tensors by their names."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    @property
    def shapes(self) -> Shapes:
        """Of all tensors."""
        ...

    def tensor(self, key: str) -> Array:
        """One of them."""
        ...


@dataclass(frozen=True)
class Safetensors:
    """A file of 16 or 32 bit numbers."""

    file: TensorFile

    @property
    def path(self) -> Path:
        """The file."""
        return self.file.path

    @property
    def shapes(self) -> Shapes:
        """Of all tensors."""
        return self.file.shapes(TYPES)

    def tensor(self, key: str) -> Array:
        """One of them."""
        return self.file.tensor(key)


def open_authors(version: Version, source: Path) -> RwkvModel:
    """The model of a file, without number formats; tensors are read when asked for.

    Raises `InputError` naming the file or the tensor that is missing, superfluous, misshapen, not
    finite or of another model.
    """
    file: TensorSource = (Safetensors(TensorFile(source)) if source.suffix == SAFETENSORS
                          else open_pth(source))
    shapes = file.shapes
    found = version_of(shapes)
    if found not in (None, version.title, *version.file_titles):
        raise InputError(f"{source}: is of an {found}, not of {version.config.title}; Sterna reads "
                         "RWKV-4, 5.2, 6 and 7")
    layers = [int(match[1]) for key in shapes if (match := LAYER.match(key))]
    try:
        config = version.configured(shapes, 1 + max(layers, default=0), END_OF_TEXT)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    require(source, shapes, version, config)
    return model_of(version, config, file, lambda key: key, tokenizer_beside(source))


def tokenizer_beside(source: Path) -> Path | None:
    """The tokenizer that lies beside a file."""
    beside = sorted(os.listdir(source.parent))  # links to nothing, too
    return next((source.parent / name for form in AUTHORS_TOKENIZERS
                 for name in fnmatch.filter(beside, form)), None)


def open_pth(source: Path, within: Sequence[str] = ()) -> PthFile:
    """A file of PyTorch that holds nothing but tensors as they were released; ``within`` is as of
    `PthFile`."""
    file = PthFile(source, within)
    if converted := [name for name in file.others if name in _CONVERTED]:
        raise InputError(f"{source}: holds {converted[0]}: the package `rwkv` has converted it for "
                         "one of its strategies; import the file that it was made of")
    if file.others:
        raise InputError(f"{source}: {file.others[0]} is no tensor")
    return file


def require(source: Path, found: Shapes, version: Version, config: Configuration,
            named: Callable[[str], str] = str) -> None:
    """Raise `InputError` unless these are the tensors of such a model, which are ``named``
    otherwise there."""
    wanted = version.tensors(config)
    for key, shape in wanted.items():
        if key not in found:
            raise InputError(f"{source}: tensor {named(key)} is missing")
        if found[key] != shape:
            raise InputError(f"{source}: tensor {named(key)} has shape {list(found[key])}, not "
                             f"{list(shape)}")
    if extra := sorted(found.keys() - wanted.keys() - set(version.unread(config))):
        raise InputError(f"{source}: tensor {named(extra[0])} is not part of an {version.title} of "
                         f"{config.num_hidden_layers} layers")


def model_of(version: Version, config: Configuration, file: TensorSource,
             named: Callable[[str], str], tokenizer: Path | None,
             generation: Mapping[str, Any] | None = None) -> RwkvModel:
    """The model of checked tensors. Raises `InputError` for the tokenizer of another model."""
    if tokenizer is not None:
        size = read_tokenizer(tokenizer).vocabulary_size
        if size > config.vocab_size:
            raise InputError(f"{tokenizer}: has {size} tokens, the model's vocabulary is "
                             f"{config.vocab_size}; use the tokenizer of this checkpoint")

    def tensor(key: str) -> Array:
        name = named(key)
        return finite(np.asarray(file.tensor(name)), f"{file.path}: tensor {name}")

    return RwkvModel(version, config, tensor, tokenizer, generation or {})
