"""Released checkpoints: safetensors in one file or in shards with an index."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from sterna.errors import InputError
from sterna.formats.foreign import told_of_keys, told_of_weights
from sterna.formats.tensor_file import TensorFile
from sterna.reading import read_json

SINGLE_FILE, INDEX_FILE = "model.safetensors", "model.safetensors.index.json"
LATENT_TYPES = ("F16", "BF16", "F32")


class Checkpoint:
    """The tensors of a checkpoint folder by their keys, read one at a time.

    Raises `InputError` for a missing or damaged file, and for an index that contradicts it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if os.path.lexists(folder / SINGLE_FILE):
            file = TensorFile(folder / SINGLE_FILE, framework="pt")
            self._files = dict.fromkeys(file.keys, file)
        elif os.path.lexists(folder / INDEX_FILE):
            self._files = self._open_shards(folder / INDEX_FILE)
        elif (told := told_of_weights(folder)) is not None:
            raise InputError(f"{folder}: {told}")
        else:
            raise InputError(f"{folder}: neither {SINGLE_FILE} nor {INDEX_FILE} is there")

    def _open_shards(self, index: Path) -> dict[str, TensorFile]:
        places = read_json(index).get("weight_map")
        if not isinstance(places, dict) or not places:
            raise InputError(f"{index}: holds no weight_map; fetch the checkpoint again")
        shards: dict[str, TensorFile] = {}
        files: dict[str, TensorFile] = {}
        for key, name in places.items():
            if not isinstance(name, str) or Path(name).name != name:
                raise InputError(f"{index}: tensor {key} is placed in {name!r}, not a file name")
            if name not in shards:
                shards[name] = TensorFile(self.folder / name, framework="pt")
            if key not in shards[name].keys:
                raise InputError(f"{index}: tensor {key} is not in {name}, as the index says")
            files[key] = shards[name]
        for name, shard in shards.items():
            extra = sorted(shard.keys - files.keys())
            if extra:
                raise InputError(f"{index}: tensor {extra[0]} of {name} is not in the index")
        return files

    def check(self, expected: Mapping[str, tuple[int, ...]]) -> None:
        """Require exactly the `expected` tensors, with their shapes, in 16 or 32 bit floats."""
        if (told := told_of_keys(sorted(self._files.keys() - expected.keys()))) is not None:
            raise InputError(f"{self.folder}: {told}")
        missing = [key for key in expected if key not in self._files]
        if missing:
            more = f" ({len(missing)} are)" if len(missing) > 1 else ""
            raise InputError(f"{self.folder}: tensor {missing[0]} is missing{more}")
        extra = sorted(self._files.keys() - expected.keys())
        if extra:
            more = f" ({len(extra)} are not)" if len(extra) > 1 else ""
            raise InputError(
                f"{self.folder}: tensor {extra[0]} is not part of a MatMul-free LM of this "
                f"configuration{more}"
            )
        for key, shape in expected.items():
            self._files[key].require(key, shape, LATENT_TYPES)

    def fetch(self, key: str) -> Tensor:
        """Read one tensor."""
        return self._files[key].tensor(key)
