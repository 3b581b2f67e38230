"""Folders as transformers writes them: config.json, weights in a file, a tokenizer."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sterna.errors import InputError
from sterna.families.rwkv.checkpoint import Safetensors, TensorSource, model_of, open_pth, require
from sterna.families.rwkv.configuration import Configuration
from sterna.families.rwkv.layout import EMBEDDINGS, HEAD
from sterna.families.rwkv.store import CONFIG_FILE, GENERATION_FILE, check_generation
from sterna.families.rwkv.version import Version
from sterna.families.rwkv.weights import RwkvModel
from sterna.files.manifest import read_manifest
from sterna.formats.tensor_file import TensorFile
from sterna.formats.vocabulary import TOKENIZER_FILE
from sterna.reading import read_json


def open_folder(folder: Path, version: Version,
                configured: Callable[[Mapping[str, Any]], Configuration],
                ours: Mapping[str, str]) -> RwkvModel:
    """The model of a folder, without number formats.

    ``configured`` makes a configuration of the values of config.json; ``ours`` are what our names
    of tensors have in place of parts of theirs, by these, each in turn. Raises `InputError` naming
    the file, the value or the tensor.
    """
    if (manifest := read_manifest(folder)) is not None:
        raise InputError(f"{folder}: holds a {manifest['format']} already; use it as it is")
    path, generation = folder / CONFIG_FILE, folder / GENERATION_FILE
    values = read_json(path)
    settings = read_json(generation) if os.path.lexists(generation) else {}
    if isinstance(ends := values.get("eos_token_id"), list):  # the first stands between documents
        values = {**values, "eos_token_id": next(iter(ends), None)}
        if settings.get("eos_token_id") is None:
            settings = {**settings, "eos_token_id": ends}
    try:
        config = configured(values)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    file = _file(folder)
    names = {_ours(key, ours): key for key in file.shapes}
    if HEAD not in names and EMBEDDINGS in names and (
            values.get("tie_word_embeddings", version.tied) is True):
        names[HEAD] = names[EMBEDDINGS]
    require(folder, {name: file.shapes[key] for name, key in names.items()}, version, config,
            lambda key: names.get(key) or _theirs(key, ours))
    tokenizer = folder / TOKENIZER_FILE if os.path.lexists(folder / TOKENIZER_FILE) else None
    found = model_of(version, config, file, names.__getitem__, tokenizer, settings)
    check_generation(found, generation if os.path.lexists(generation) else path)
    return found


def allowed(values: Mapping[str, Any], wanted: Mapping[str, tuple[Any, ...]], title: str) -> None:
    """Raise `InputError` for settings that have none of the wanted values, of which the last is
    what models of that title have. None stands for what is not there."""
    for name, possible in wanted.items():
        if values.get(name) not in possible:
            raise InputError(f"{name} is {values[name]!r}; {title} has {possible[-1]!r}")


def _file(folder: Path) -> TensorSource:
    if os.path.lexists(place := folder / "model.safetensors"):
        return Safetensors(TensorFile(place))
    if os.path.lexists(place := folder / "pytorch_model.bin"):
        return open_pth(place)
    raise InputError(f"{folder}: neither model.safetensors nor pytorch_model.bin is there")


def _ours(key: str, ours: Mapping[str, str]) -> str:
    for theirs, name in ours.items():
        key = key.replace(theirs, name)
    return key


def _theirs(key: str, ours: Mapping[str, str]) -> str:
    """What a tensor that is not there would be called."""
    for theirs, name in reversed(list(ours.items())):
        key = key.replace(name, theirs)
    return key
