"""Model folders of RWKV: config.json, model.safetensors, formats.json, a tokenizer.

model.safetensors has the tensors of `Version.tensors` as the checkpoint has them, in 16 or 32
bits; formats.json the number formats that were chosen for them. manifest.json has the digests.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sterna.errors import InputError
from sterna.families.rwkv.configuration import read_config
from sterna.families.rwkv.version import Version
from sterna.families.rwkv.weights import Array, RwkvModel
from sterna.files.folder import replace_folder
from sterna.files.manifest import check_folder, write_manifest
from sterna.formats.generation import read_generation
from sterna.formats.tensor_file import TensorFile, TensorFileWriter, is_bfloat16
from sterna.formats.vocabulary import TOKENIZER_FILE, WORLD_FILE
from sterna.formats.world import is_world
from sterna.reading import read_bytes, read_json

CONFIG_FILE, WEIGHT_FILE, FORMATS_FILE = "config.json", "model.safetensors", "formats.json"
GENERATION_FILE = "generation_config.json"
TOKENIZER_FILES = (TOKENIZER_FILE, WORLD_FILE)
FILES = (CONFIG_FILE, WEIGHT_FILE, FORMATS_FILE, GENERATION_FILE, *TOKENIZER_FILES)
TYPES = ("F16", "BF16", "F32")
_MOST_FORMATS = 1 << 16


def save_model(model: RwkvModel, folder: Path | str,
               progress: Callable[[int, int], None] | None = None,
               sources: Iterable[Path] = ()) -> None:
    """Write a model folder, tensor by tensor; it appears whole or not at all.

    ``progress`` is told the tensors written and in all; ``sources`` is what else is read. Raises
    `InputError` as `replace_folder` does, and for values that are not finite.
    """
    read = [path for path in (model.tokenizer_path, model.folder) if path is not None]
    with replace_folder(Path(folder), model.version.format, [*sources, *read]) as partial:
        _write_weights(model, partial / WEIGHT_FILE, progress)
        if model.tokenizer_path is not None:
            name = (WORLD_FILE if is_world(model.tokenizer_path.read_bytes()) else TOKENIZER_FILE)
            shutil.copyfile(model.tokenizer_path, partial / name)
        if model.formats is not None:
            (partial / FORMATS_FILE).write_text(f"{model.formats}\n", encoding="utf-8")
        if model.generation:
            _write_json(partial / GENERATION_FILE, dict(model.generation))
        _write_json(partial / CONFIG_FILE, model.config.to_dict())
        write_manifest(partial, model.version.format)


def load_model(model: Path | str, version: Version) -> RwkvModel:
    """Open a model folder, or a shipped model by its name.

    Every digest, type and shape is checked at once; tensors are read when they are asked for.
    Raises `InputError` for a folder that is damaged.
    """
    shipped = version.models.get(str(model))
    folder = Path(model) if shipped is None or shipped.folder is None else shipped.folder
    names = check_folder(folder, version.format, FILES)
    config = read_config(folder / CONFIG_FILE, version.config)
    file = TensorFile(folder / WEIGHT_FILE)
    wanted = version.tensors(config)
    for key, shape in wanted.items():
        file.require(key, shape, TYPES)
    if extra := sorted(file.keys - wanted.keys()):
        raise InputError(f"{file.path}: tensor {extra[0]} is not part of the model")
    generation = read_json(folder / GENERATION_FILE) if GENERATION_FILE in names else {}
    found = RwkvModel(version, config, _finite(file), generation=generation, folder=folder)
    check_generation(found, folder / GENERATION_FILE)
    if FORMATS_FILE in names:
        found = replace(found, formats=_formats(folder / FORMATS_FILE, version))
    tokenizer = next((name for name in TOKENIZER_FILES if name in names), None)
    return found if tokenizer is None else replace(found, tokenizer_path=folder / tokenizer)


def _formats(path: Path, version: Version) -> str:
    text = read_bytes(path, _MOST_FORMATS).decode(errors="replace")
    try:
        version.formats(text)
    except InputError as error:
        raise InputError(f"{path}: {error}; import the model again") from None
    return text


def check_generation(model: RwkvModel, path: Path) -> None:
    """Raise `InputError` naming the file for settings of texts that mean nothing."""
    config = model.config
    try:
        read_generation(config.bos_token_id, config.end_tokens, model.generation, config.vocab_size)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _finite(file: TensorFile) -> Callable[[str], Array]:
    def tensor(key: str) -> Array:
        values: Array = file.tensor(key)
        return finite(values, f"{file.path}: tensor {key}")

    return tensor


def finite(values: Array, name: str) -> Array:
    """The same. Raises `InputError` for values that are none."""
    if not np.isfinite(values).all():
        raise InputError(f"{name} holds NaN or infinity")
    return values


def _write_weights(model: RwkvModel, path: Path, progress: Callable[[int, int], None] | None
                   ) -> None:
    shapes = model.version.tensors(model.config)
    kinds = {key: _kind(model.tensor(key)) for key in shapes}
    layout = {key: (kinds[key], shape) for key, shape in shapes.items()}
    with TensorFileWriter(path, layout, {"format": f"sterna-{model.config.model_type}"}) as writer:
        for done, key in enumerate(shapes):
            if progress is not None:
                progress(done, len(shapes))
            writer.write(key, np.ascontiguousarray(model.tensor(key)))
        writer.close()


def _kind(values: Array) -> str:
    return "bfloat16" if is_bfloat16(np.ascontiguousarray(values)) else values.dtype.name


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
