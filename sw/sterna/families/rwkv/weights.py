"""An RWKV in memory: its configuration, and tensors that are read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.families.rwkv.configuration import NORM_EPSILON
from sterna.families.rwkv.layout import EMBEDDINGS, layer_key
from sterna.families.rwkv.version import Version

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class RwkvModel:
    """A whole model. ``tensor`` gives the tensor of a key of `Version.tensors`, of 16 or 32
    bits; ``formats``, JSON text, are number formats chosen for it."""

    version: Version
    config: Any
    """Of the version's kind."""
    tensor: Callable[[str], Array]
    tokenizer_path: Path | None = None
    generation: Mapping[str, Any] = field(default_factory=dict)
    formats: str | None = None
    folder: Path | None = None

    def layer(self, index: int, name: str) -> NDArray[np.float64]:
        """A tensor of a layer."""
        return self.tensor(layer_key(index, name)).astype(np.float64)

    def rows(self, tokens: list[int]) -> NDArray[np.float64]:
        """What enters the first layer, [tokens, hidden]: embedding rows behind their norm."""
        rows, norm = self.tensor(EMBEDDINGS)[tokens].astype(np.float64), self.version.embedding_norm
        if norm is None:
            return rows
        gain, bias = (self.tensor(f"{norm}.{part}").astype(np.float64)
                      for part in ("weight", "bias")) if norm else (1.0, 0.0)
        centred = rows - rows.mean(-1, keepdims=True)
        spread = np.sqrt(np.square(centred).mean(-1, keepdims=True) + NORM_EPSILON)
        return centred / spread * gain + bias
