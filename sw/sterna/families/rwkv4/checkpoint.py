"""Checkpoints of RWKV-4: the authors' `.pth` and safetensors, and folders of transformers.

Weights are taken as the file has them. transformers (5.24) divides output and value matrices of
layer i by 2**(i // 6) in place at its first forward; a model saved after that is another model, and
nothing in the file tells.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from sterna.errors import InputError
from sterna.families.rwkv4.configuration import NORM_EPSILON, RwkvConfig
from sterna.families.rwkv4.layout import EMBEDDINGS, all_tensors, layer_key
from sterna.families.rwkv4.sources import CONFIG_FILE, is_hugging_face
from sterna.families.rwkv4.store import GENERATION_FILE, TYPES, check_generation, finite
from sterna.families.rwkv4.weights import Array, RwkvModel
from sterna.files.manifest import read_manifest
from sterna.formats.pth import PthFile
from sterna.formats.tensor_file import TensorFile
from sterna.formats.vocabulary import TOKENIZER_FILE, read_tokenizer
from sterna.reading import read_json

AUTHORS_TOKENIZERS = ("20B_tokenizer.json", TOKENIZER_FILE, "rwkv_vocab*.txt")
"""Names of tokenizers that lie beside the authors' files; one of them, of several the first."""
END_OF_TEXT = 0
"""Of the authors' tokenizers."""
_CONVERTED = ("_strategy", "_rescale_layer", "_version")
_NEWER = {"att.gate.weight": "RWKV-5", "att.ln_x.weight": "RWKV-5", "att.time_maa_x": "RWKV-6",
          "att.w0": "RWKV-7"}
_LAYER = re.compile(r"blocks\.(\d{1,6})\.")
_THEIRS = {
    "rwkv.embeddings.weight": EMBEDDINGS, "rwkv.ln_out": "ln_out", "pre_ln": "ln0",
    "attention.time_mix_key": "att.time_mix_k", "attention.time_mix_value": "att.time_mix_v",
    "attention.time_mix_receptance": "att.time_mix_r", "attention.": "att.",
    "feed_forward.time_mix_key": "ffn.time_mix_k",
    "feed_forward.time_mix_receptance": "ffn.time_mix_r", "feed_forward.": "ffn.", "rwkv.": "",
}
"""What transformers calls the authors' tensors, by parts of their names, the first that fits."""


class _File(Protocol):
    """Tensors by their names."""

    @property
    def path(self) -> Path: ...

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]: ...

    def tensor(self, key: str) -> Array: ...


@dataclass(frozen=True)
class _Safetensors:
    """A file of 16 or 32 bit numbers."""

    file: TensorFile

    @property
    def path(self) -> Path:
        return self.file.path

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        return self.file.shapes(TYPES)

    def tensor(self, key: str) -> Array:
        return self.file.tensor(key)


def open_checkpoint(source: Path) -> RwkvModel:
    """The model of a checkpoint, without number formats; tensors are read when asked for.

    Raises `InputError` naming the file or the tensor that is missing, superfluous, misshapen, not
    finite or of another model.
    """
    if is_hugging_face(source):
        return _of_transformers(source)
    suffix = source.suffix
    file: _File = _Safetensors(TensorFile(source)) if suffix == ".safetensors" else _pth(source)
    keys = file.shapes
    config = _configuration(source, keys)
    _require(source, keys, all_tensors(config))
    beside = sorted(os.listdir(source.parent))  # links to nothing, too
    tokenizer = next((source.parent / name for form in AUTHORS_TOKENIZERS
                      for name in fnmatch.filter(beside, form)), None)
    return _model(config, file, lambda key: key, tokenizer)


def _pth(source: Path) -> PthFile:
    file = PthFile(source)
    if converted := [name for name in file.others if name in _CONVERTED]:
        raise InputError(f"{source}: holds {converted[0]}: the package `rwkv` has converted it for "
                         "one of its strategies; import the file that it was made of")
    if file.others:
        raise InputError(f"{source}: {file.others[0]} is no tensor")
    return file


def _configuration(source: Path, keys: Mapping[str, tuple[int, ...]]) -> RwkvConfig:
    """As the shapes say. Raises `InputError` for those of another model."""
    for name, version in reversed(_NEWER.items()):
        if layer_key(0, name) in keys:
            raise InputError(f"{source}: is of an {version}, which Sterna does not read yet; it "
                             "reads RWKV-4")
    embedding, wide = keys.get(EMBEDDINGS, ()), keys.get(layer_key(0, "ffn.key.weight"), ())
    if len(embedding) != 2 or len(wide) != 2:
        raise InputError(f"{source}: has no tensors of an RWKV-4 ({EMBEDDINGS}, "
                         f"{layer_key(0, 'ffn.key.weight')}: matrices)")
    layers = [int(match[1]) for key in keys if (match := _LAYER.match(key))]
    try:
        return RwkvConfig(embedding[0], embedding[1], 1 + max(layers), wide[0],
                          eos_token_id=END_OF_TEXT)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None


def _of_transformers(folder: Path) -> RwkvModel:
    if (manifest := read_manifest(folder)) is not None:
        raise InputError(f"{folder}: holds a {manifest['format']} already; use it as it is")
    path, generation = folder / CONFIG_FILE, folder / GENERATION_FILE
    values = read_json(path)
    settings = read_json(generation) if os.path.lexists(generation) else {}
    if isinstance(ends := values.get("eos_token_id"), list):  # the first stands between documents
        values = {**values, "eos_token_id": next(iter(ends), None)}
        if settings.get("eos_token_id") is None:
            settings = {**settings, "eos_token_id": ends}
    config = _their_configuration(path, values)
    file = _their_file(folder)
    names = {_ours(key): key for key in file.shapes}
    _require(folder, {ours: file.shapes[key] for ours, key in names.items()}, all_tensors(config))
    tokenizer = folder / TOKENIZER_FILE if os.path.lexists(folder / TOKENIZER_FILE) else None
    found = _model(config, file, names.__getitem__, tokenizer, settings)
    check_generation(found, generation if os.path.lexists(generation) else path)
    return found


def _their_configuration(path: Path, values: Mapping[str, Any]) -> RwkvConfig:
    hidden = values.get("hidden_size")
    wanted = {"attention_hidden_size": (None, hidden), "tie_word_embeddings": (None, False),
              "layer_norm_epsilon": (None, NORM_EPSILON)}
    for name, allowed in wanted.items():
        if values.get(name) not in allowed:
            raise InputError(f"{path}: {name} is {values[name]!r}; RWKV-4 has {allowed[1]!r}")
    names = ("vocab_size", "hidden_size", "num_hidden_layers", "eos_token_id")
    given: dict[str, Any] = {name: values[name] for name in names if name in values}
    try:
        # It writes 0 as begin token into every file, though no text was trained with it in front.
        return RwkvConfig(**{**given, "bos_token_id": None,
                             "intermediate_size": values.get("intermediate_size") or 0})
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _their_file(folder: Path) -> _File:
    if os.path.lexists(place := folder / "model.safetensors"):
        return _Safetensors(TensorFile(place))
    if os.path.lexists(place := folder / "pytorch_model.bin"):
        return _pth(place)
    raise InputError(f"{folder}: neither model.safetensors nor pytorch_model.bin is there")


def _ours(key: str) -> str:
    for theirs, ours in _THEIRS.items():
        key = key.replace(theirs, ours)
    return key


def _require(source: Path, found: Mapping[str, tuple[int, ...]],
             wanted: Mapping[str, tuple[int, ...]]) -> None:
    for key, shape in wanted.items():
        if key not in found:
            raise InputError(f"{source}: tensor {key} is missing")
        if found[key] != shape:
            raise InputError(f"{source}: tensor {key} has shape {list(found[key])}, not "
                             f"{list(shape)}")
    if extra := sorted(found.keys() - wanted.keys()):
        raise InputError(f"{source}: tensor {extra[0]} is not part of an RWKV-4 of "
                         f"{len([key for key in wanted if key.endswith('ln1.bias')])} layers")


def _model(config: RwkvConfig, file: _File, named: Callable[[str], str], tokenizer: Path | None,
           generation: Mapping[str, Any] | None = None) -> RwkvModel:
    if tokenizer is not None:
        size = read_tokenizer(tokenizer).vocabulary_size
        if size > config.vocab_size:
            raise InputError(f"{tokenizer}: has {size} tokens, the model's vocabulary is "
                             f"{config.vocab_size}; use the tokenizer of this checkpoint")

    def tensor(key: str) -> Array:
        name = named(key)
        return finite(np.asarray(file.tensor(name)), f"{file.path}: tensor {name}")

    return RwkvModel(config, tensor, tokenizer, generation or {})
