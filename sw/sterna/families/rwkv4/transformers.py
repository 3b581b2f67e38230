"""Folders of transformers' RWKV-4.

transformers (5.24) divides output and value matrices of layer i by 2**(i // 6) in place at its
first forward; a model saved after that is another model, and nothing in the file tells.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sterna.errors import InputError
from sterna.families.rwkv.checkpoint import Safetensors, TensorSource, model_of, open_pth, require
from sterna.families.rwkv.configuration import NORM_EPSILON
from sterna.families.rwkv.layout import EMBEDDINGS
from sterna.families.rwkv.store import GENERATION_FILE, check_generation
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv4.configuration import RwkvConfig
from sterna.families.rwkv4.sources import CONFIG_FILE
from sterna.families.rwkv4.version import RWKV4
from sterna.files.manifest import read_manifest
from sterna.formats.tensor_file import TensorFile
from sterna.formats.vocabulary import TOKENIZER_FILE
from sterna.reading import read_json

_THEIRS = {
    "rwkv.embeddings.weight": EMBEDDINGS, "rwkv.ln_out": "ln_out", "pre_ln": "ln0",
    "attention.time_mix_key": "att.time_mix_k", "attention.time_mix_value": "att.time_mix_v",
    "attention.time_mix_receptance": "att.time_mix_r", "attention.": "att.",
    "feed_forward.time_mix_key": "ffn.time_mix_k",
    "feed_forward.time_mix_receptance": "ffn.time_mix_r", "feed_forward.": "ffn.", "rwkv.": "",
}
"""What transformers calls the authors' tensors, by parts of their names, the first that fits."""


def open_transformers(folder: Path) -> RwkvModel:
    """The model of a folder, without number formats. Raises `InputError` as `open_authors` does.
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
    config = _configuration(path, values)
    file = _file(folder)
    names = {_ours(key): key for key in file.shapes}
    require(folder, {ours: file.shapes[key] for ours, key in names.items()}, RWKV4, config)
    tokenizer = folder / TOKENIZER_FILE if os.path.lexists(folder / TOKENIZER_FILE) else None
    found = model_of(RWKV4, config, file, names.__getitem__, tokenizer, settings)
    check_generation(found, generation if os.path.lexists(generation) else path)
    return found


def _configuration(path: Path, values: Mapping[str, Any]) -> RwkvConfig:
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


def _file(folder: Path) -> TensorSource:
    if os.path.lexists(place := folder / "model.safetensors"):
        return Safetensors(TensorFile(place))
    if os.path.lexists(place := folder / "pytorch_model.bin"):
        return open_pth(place)
    raise InputError(f"{folder}: neither model.safetensors nor pytorch_model.bin is there")


def _ours(key: str) -> str:
    for theirs, ours in _THEIRS.items():
        key = key.replace(theirs, ours)
    return key
