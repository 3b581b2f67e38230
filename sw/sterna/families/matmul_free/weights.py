"""The weights of a MatMul-free LM in memory, as the compiler and the golden model take them.

Keys follow the released checkpoints; linear layouts are `[outputs, inputs]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from sterna.families.matmul_free.configuration import ModelConfig

# Field of `LayerWeights` -> key below `model.layers.{index}.`
LAYER_NORMS = {"attn_norm": "attn_norm", "g_norm": "attn.g_norm", "mlp_norm": "mlp_norm"}
LAYER_MATRICES = {
    "i_proj": "attn.i_proj",
    "f_proj": "attn.f_proj",
    "g_proj": "attn.g_proj",
    "o_proj": "attn.o_proj",
    "gate_proj": "mlp.gate_proj",
    "down_proj": "mlp.down_proj",
}
EMBEDDINGS, LOWER_BOUNDS = "model.embeddings.weight", "model.lower_bounds"
FINAL_NORM, HEAD = "model.norm.weight", "lm_head"

# Below this many ternary weights the layers are kept once they were unpacked (64 MiB).
_CACHE_LIMIT = 1 << 26


@dataclass(frozen=True, eq=False)
class TernaryMatrix:
    """`W = codes * scale`; codes are int8 `[outputs, inputs]` in {-1, 0, 1}."""

    codes: NDArray[np.int8]
    scale: float


@dataclass(frozen=True, eq=False)
class BitLinearWeights:
    """A ternary layer: its matrix and the float32 gain `[inputs]` of its own norm."""

    matrix: TernaryMatrix
    gain: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LayerWeights:
    """One layer; vectors are float32 of the hidden width.

    `lower_bound` is the least value of the forget gates, already computed from the trained
    parameter. `gate_proj` holds the gate rows first, then as many up rows.
    """

    attn_norm: NDArray[np.float32]
    g_norm: NDArray[np.float32]
    mlp_norm: NDArray[np.float32]
    i_proj: BitLinearWeights
    f_proj: BitLinearWeights
    g_proj: BitLinearWeights
    o_proj: BitLinearWeights
    gate_proj: BitLinearWeights
    down_proj: BitLinearWeights
    lower_bound: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class MatMulFreeModel:
    """A whole model. `layers` unpacks a layer when it is asked for, so that a model of
    billions of weights is never in memory at once.

    `embeddings` are float16 or float32 `[vocabulary, hidden]`, whichever holds what the checkpoint
    has; `raw_lower_bounds` is the trained parameter, float32 `[layers, hidden]`, or None where the
    model has no bounds; `formats`, JSON text, are number formats chosen for a model that is not on
    disk; `tokenizer_path` and `folder`, where the model was read from, are None for a model that
    was never on disk.
    """

    config: ModelConfig
    embeddings: NDArray[Any]
    layers: Sequence[LayerWeights]
    norm: NDArray[np.float32]
    lm_head: BitLinearWeights
    raw_lower_bounds: NDArray[np.float32] | None
    tokenizer_path: Path | None = None
    generation: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    formats: str | None = None


class WeightReader(Protocol):
    """Where tensors come from: a Sterna file, a released checkpoint, a random generator."""

    def matrix(self, key: str, shape: tuple[int, int]) -> TernaryMatrix:
        """The ternary matrix of the layer `key`."""
        ...

    def vector(self, key: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """The float32 tensor `key`."""
        ...

    def embeddings(self, shape: tuple[int, int]) -> NDArray[Any]:
        """The embedding table, float16 or float32."""
        ...


def layer_key(index: int, suffix: str) -> str:
    """The key of a part of a layer."""
    return f"model.layers.{index}.{suffix}"


def matrix_shape(config: ModelConfig, name: str) -> tuple[int, int]:
    """Shape `(outputs, inputs)` of a field of `LAYER_MATRICES`, or of the head."""
    hidden, intermediate = config.hidden_size, config.intermediate_size
    if name == HEAD:
        return config.vocab_size, hidden
    if name == "gate_proj":
        return 2 * intermediate, hidden
    if name == "down_proj":
        return hidden, intermediate
    return hidden, hidden


def all_matrices(config: ModelConfig) -> dict[str, tuple[int, int]]:
    """Key and shape of every ternary matrix, in the order of use."""
    shapes = {
        layer_key(index, suffix): matrix_shape(config, name)
        for index in range(config.num_hidden_layers)
        for name, suffix in LAYER_MATRICES.items()
    }
    shapes[HEAD] = matrix_shape(config, HEAD)
    return shapes


def all_vectors(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Key and shape of every other tensor but the embeddings."""
    shapes: dict[str, tuple[int, ...]] = {}
    if config.use_lower_bound:
        shapes[LOWER_BOUNDS] = (config.num_hidden_layers, config.hidden_size)
    for index in range(config.num_hidden_layers):
        for suffix in LAYER_NORMS.values():
            shapes[layer_key(index, suffix) + ".weight"] = (config.hidden_size,)
    for key, shape in all_matrices(config).items():
        shapes[f"{key}.norm.weight"] = (shape[1],)
    shapes[FINAL_NORM] = (config.hidden_size,)
    return shapes


def lower_bounds(raw: NDArray[Any]) -> NDArray[np.float32]:
    """Cumulative softmax over the layers, less its first row: float32 `[layers, hidden]`."""
    exponential = np.exp(raw.astype(np.float64) - raw.max(0, keepdims=True))
    share = exponential / exponential.sum(0, keepdims=True)
    return (np.cumsum(share, 0) - share[0]).astype(np.float32)


def read_bitlinear(reader: WeightReader, key: str, shape: tuple[int, int]) -> BitLinearWeights:
    """Read a ternary layer with the gain of its norm."""
    return BitLinearWeights(
        reader.matrix(key, shape), reader.vector(f"{key}.norm.weight", (shape[1],))
    )


class _Layers(Sequence[LayerWeights]):
    """Layers that are read when asked for; those of a small model are kept."""

    def __init__(
        self, config: ModelConfig, reader: WeightReader, bounds: NDArray[np.float32]
    ) -> None:
        self._config, self._reader, self._bounds = config, reader, bounds
        self._keep = config.ternary_weight_count <= _CACHE_LIMIT
        self._kept: dict[int, LayerWeights] = {}

    def __len__(self) -> int:
        return self._config.num_hidden_layers

    @overload
    def __getitem__(self, index: int) -> LayerWeights: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[LayerWeights]: ...

    def __getitem__(self, index: int | slice) -> LayerWeights | Sequence[LayerWeights]:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        position = range(len(self))[index]
        if position in self._kept:
            return self._kept[position]
        layer = self._read(position)
        if self._keep:
            self._kept[position] = layer
        return layer

    def _read(self, index: int) -> LayerWeights:
        config, reader = self._config, self._reader
        norms: dict[str, Any] = {
            name: reader.vector(layer_key(index, suffix) + ".weight", (config.hidden_size,))
            for name, suffix in LAYER_NORMS.items()
        }
        matrices: dict[str, Any] = {
            name: read_bitlinear(reader, layer_key(index, suffix), matrix_shape(config, name))
            for name, suffix in LAYER_MATRICES.items()
        }
        return LayerWeights(**norms, **matrices, lower_bound=self._bounds[index])


def assemble(
    config: ModelConfig,
    reader: WeightReader,
    tokenizer_path: Path | None = None,
    generation: dict[str, Any] | None = None,
) -> MatMulFreeModel:
    """A model whose tensors come from `reader`, layer by layer as they are needed."""
    shape = (config.num_hidden_layers, config.hidden_size)
    raw = reader.vector(LOWER_BOUNDS, shape) if config.use_lower_bound else None
    bounds = np.zeros(shape, np.float32) if raw is None else lower_bounds(raw)
    return MatMulFreeModel(
        config=config,
        embeddings=reader.embeddings((config.vocab_size, config.hidden_size)),
        layers=_Layers(config, reader, bounds),
        norm=reader.vector(FINAL_NORM, (config.hidden_size,)),
        lm_head=read_bitlinear(reader, HEAD, matrix_shape(config, HEAD)),
        raw_lower_bounds=raw,
        tokenizer_path=tokenizer_path,
        generation=generation or {},
    )
