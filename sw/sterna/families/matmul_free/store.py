"""Sterna model folders: config.json, model.safetensors, tokenizer.json, generation_config.json.

In model.safetensors a ternary matrix `key` is `key.trits` (uint8, five weights a byte, see
`packing`) and `key.scale` (one float32, the value of a unit code); its shape stands in the
metadata under `key`. Gains and raw lower bounds are float32, embeddings what the checkpoint
has, float16, bfloat16 or float32. config.json holds the fields of the machine; formats.json,
the number formats that the compiler chose for this model, may stand beside it, and
chat_template.json, the template of its conversations. manifest.json has
the digests of all of them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.matmul_free.assembly import assemble, layer_tensors, outer_tensors
from sterna.families.matmul_free.configuration import read_config
from sterna.families.matmul_free.generation import check_generation
from sterna.families.matmul_free.layout import (
    EMBEDDINGS,
    LOWER_BOUNDS,
    all_matrices,
    all_tensors,
    all_vectors,
)
from sterna.families.matmul_free.names import FORMAT, find_folder
from sterna.families.matmul_free.packing import pack_trits, packed_size, unpack_trits
from sterna.families.matmul_free.weights import LayerWeights, MatMulFreeModel, TernaryMatrix
from sterna.files.folder import replace_folder
from sterna.files.manifest import check_folder, write_manifest
from sterna.formats.chat import CHAT_FILE, ChatTemplate
from sterna.formats.tensor_file import TensorFile, TensorFileWriter, is_bfloat16
from sterna.reading import read_json

CONFIG_FILE, WEIGHT_FILE = "config.json", "model.safetensors"
TOKENIZER_FILE, GENERATION_FILE = "tokenizer.json", "generation_config.json"
FORMATS_FILE = "formats.json"
FILES = (CONFIG_FILE, WEIGHT_FILE, TOKENIZER_FILE, GENERATION_FILE, FORMATS_FILE, CHAT_FILE)

Progress = Callable[[int, int], None]


class FormatChooser(Protocol):
    """Chooses number formats for a model while it is written."""

    def see_layer(self, weights: LayerWeights) -> None:
        """Look at the next layer."""
        ...

    def to_json(self) -> str:
        """The formats, after the last layer."""
        ...


def save_model(
    model: MatMulFreeModel,
    folder: Path | str,
    progress: Progress | None = None,
    chooser: FormatChooser | None = None,
    sources: Iterable[Path] = (),
) -> None:
    """Write a model folder, layer by layer; it appears whole or not at all.

    The tokenizer is copied from `model.tokenizer_path`. Number formats are those of `chooser`, or
    the model's own. `progress` is told the layers written and the layers in all; `sources` is what
    else is read. Raises `InputError` as `sterna.files.folder.replace_folder` does.
    """
    read = [path for path in (model.tokenizer_path, model.folder) if path is not None]
    with replace_folder(Path(folder), FORMAT, [*sources, *read]) as partial:
        _write_weights(model, partial / WEIGHT_FILE, progress, chooser)
        if model.tokenizer_path is not None:
            shutil.copyfile(model.tokenizer_path, partial / TOKENIZER_FILE)
        if (text := model.formats if chooser is None else chooser.to_json()) is not None:
            (partial / FORMATS_FILE).write_text(f"{text}\n", encoding="utf-8")
        elif model.folder is not None and (model.folder / FORMATS_FILE).is_file():
            shutil.copyfile(model.folder / FORMATS_FILE, partial / FORMATS_FILE)
        generation = model.generation or {
            "bos_token_id": model.config.bos_token_id,
            "eos_token_id": model.config.eos_token_id,
        }
        _write_json(partial / GENERATION_FILE, generation)
        if model.chat is not None:
            _write_json(partial / CHAT_FILE, model.chat.to_dict())
        _write_json(partial / CONFIG_FILE, model.config.to_dict())
        write_manifest(partial, FORMAT)


def load_model(model: Path | str) -> MatMulFreeModel:
    """Open a model folder, or a shipped model by its name.

    Every digest, type and shape is checked at once; a layer is unpacked when it is asked for.
    Raises `InputError` for an unknown name and for a folder that is damaged.
    """
    folder = find_folder(model)
    names = check_folder(folder, FORMAT, FILES)
    config = read_config(folder / CONFIG_FILE)
    reader = _StoredTensors(TensorFile(folder / WEIGHT_FILE))
    reader.check(all_matrices(config), all_vectors(config))
    tokenizer_path = folder / TOKENIZER_FILE if TOKENIZER_FILE in names else None
    generation = read_json(folder / GENERATION_FILE) if GENERATION_FILE in names else {}
    check_generation(config, generation, folder / GENERATION_FILE)
    chat = None if CHAT_FILE not in names else ChatTemplate.from_dict(
        read_json(folder / CHAT_FILE), str(folder / CHAT_FILE))
    return replace(assemble(config, reader, tokenizer_path, generation), folder=folder, chat=chat)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def _write_weights(
    model: MatMulFreeModel,
    path: Path,
    progress: Progress | None,
    chooser: FormatChooser | None,
) -> None:
    config = model.config
    matrices = all_matrices(config)
    half = is_bfloat16(model.embeddings)
    embedding_type = "bfloat16" if half else model.embeddings.dtype.name
    layout: dict[str, tuple[str, tuple[int, ...]]] = {
        EMBEDDINGS: (embedding_type, (config.vocab_size, config.hidden_size))
    }
    for key, shape in all_tensors(config).items():
        if key in matrices:
            layout[f"{key}.trits"] = ("uint8", (packed_size(shape[0] * shape[1]),))
            layout[f"{key}.scale"] = ("float32", ())
        else:
            layout[key] = ("float32", shape)
    metadata = {"format": "sterna-mmfree"}
    metadata |= {key: json.dumps(shape) for key, shape in matrices.items()}

    with TensorFileWriter(path, layout, metadata) as writer:
        writer.write(EMBEDDINGS, model.embeddings)
        if model.raw_lower_bounds is not None:
            writer.write(LOWER_BOUNDS, model.raw_lower_bounds)
        for index, layer in enumerate(model.layers):
            if progress is not None:
                progress(index, config.num_hidden_layers)
            _write_all(writer, layer_tensors(index, layer))
            if chooser is not None:
                chooser.see_layer(layer)
        _write_all(writer, outer_tensors(model))
        if progress is not None:
            progress(config.num_hidden_layers, config.num_hidden_layers)
        writer.close()


def _write_all(
    writer: TensorFileWriter,
    tensors: Iterable[tuple[str, TernaryMatrix | NDArray[np.float32]]],
) -> None:
    for key, value in tensors:
        if isinstance(value, TernaryMatrix):
            writer.write(f"{key}.trits", pack_trits(value.codes))
            writer.write(f"{key}.scale", np.array(value.scale, np.float32))
        else:
            writer.write(key, value)


class _StoredTensors:
    """The tensors of a Sterna weight file."""

    def __init__(self, file: TensorFile) -> None:
        self._file = file

    def check(
        self, matrices: dict[str, tuple[int, int]], vectors: dict[str, tuple[int, ...]]
    ) -> None:
        expected = {EMBEDDINGS, *vectors}
        for key, shape in matrices.items():
            expected |= {f"{key}.trits", f"{key}.scale"}
            if self._file.metadata.get(key) != json.dumps(shape):
                raise InputError(
                    f"{self._file.path}: {key} is of shape {self._file.metadata.get(key)}, the "
                    f"configuration needs {list(shape)}"
                )
            count = packed_size(shape[0] * shape[1])
            self._file.require(f"{key}.trits", (count,), ("U8",))
            self._file.require(f"{key}.scale", (), ("F32",))
        for key, shape in vectors.items():
            self._file.require(key, shape, ("F32",))
        extra = sorted(self._file.keys - expected)
        if extra:
            raise InputError(f"{self._file.path}: tensor {extra[0]} is not part of the model")

    def matrix(self, key: str, shape: tuple[int, int]) -> TernaryMatrix:
        scale = float(self._finite(f"{key}.scale"))
        if scale <= 0:
            raise InputError(f"{self._file.path}: {key}.scale must be positive, not {scale}")
        try:
            codes = unpack_trits(self._file.tensor(f"{key}.trits"), shape)
        except ValueError as error:
            raise InputError(f"{self._file.path}: {key}.trits is damaged ({error})") from None
        return TernaryMatrix(codes, scale)

    def vector(self, key: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        self._file.require(key, shape, ("F32",))
        return self._finite(key)

    def embeddings(self, shape: tuple[int, int]) -> NDArray[Any]:
        self._file.require(EMBEDDINGS, shape, ("F16", "BF16", "F32"))
        return self._finite(EMBEDDINGS)

    def _finite(self, key: str) -> NDArray[Any]:
        values = self._file.tensor(key)
        if not np.isfinite(values).all():
            raise InputError(f"{self._file.path}: tensor {key} holds NaN or infinity")
        return values
