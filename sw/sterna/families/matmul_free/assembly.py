"""From named tensors to the weights of a MatMul-free LM, layer by layer, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.layout import (
    FINAL_NORM,
    HEAD,
    LAYER_NORMS,
    LOWER_BOUNDS,
    NEURON_VECTORS,
    SPIKE_MATRICES,
    TOKEN_MATRICES,
    UNIT_MATRICES,
    layer_key,
    matrix_shape,
)
from sterna.families.matmul_free.weights import (
    BitLinearWeights,
    GatedUnitWeights,
    LayerWeights,
    MatMulFreeModel,
    NeuronWeights,
    SpikingUnitWeights,
    TernaryMatrix,
    UnitWeights,
    WeightReader,
)

# Below this many ternary weights the layers are kept once they were unpacked (64 MiB).
_CACHE_LIMIT = 1 << 26


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


def read_unit(config: ModelConfig, reader: WeightReader, index: int) -> UnitWeights:
    """Read the channel mixer of a layer."""
    mixer, width = config.channel_mixer, (config.intermediate_size,)
    parts: dict[str, Any] = {
        name: read_bitlinear(reader, layer_key(index, suffix), matrix_shape(config, name))
        for name, suffix in UNIT_MATRICES[mixer].items()
    }
    if mixer == "glu":
        return GatedUnitWeights(**parts)
    for name, suffix in SPIKE_MATRICES[mixer].items():
        parts[name] = reader.matrix(layer_key(index, suffix), matrix_shape(config, name))
    neurons = {
        name: reader.vector(layer_key(index, suffix), width)
        for name, suffix in NEURON_VECTORS[mixer].items()
    }
    return SpikingUnitWeights(neurons=NeuronWeights(**neurons), **parts)


def layer_tensors(
    index: int, layer: LayerWeights
) -> Iterator[tuple[str, TernaryMatrix | NDArray[np.float32]]]:
    """Key and tensor of all that a layer has, but for its bound: the reverse of reading."""
    for name, suffix in LAYER_NORMS.items():
        yield layer_key(index, suffix) + ".weight", getattr(layer, name)
    for name, suffix in TOKEN_MATRICES.items():
        yield from _bitlinear_tensors(layer_key(index, suffix), getattr(layer, name))
    mixer = "glu" if isinstance(layer.unit, GatedUnitWeights) else "lif"
    for name, suffix in UNIT_MATRICES[mixer].items():
        yield from _bitlinear_tensors(layer_key(index, suffix), getattr(layer.unit, name))
    if isinstance(layer.unit, SpikingUnitWeights):
        for name, suffix in NEURON_VECTORS[mixer].items():
            yield layer_key(index, suffix), getattr(layer.unit.neurons, name)
        for name, suffix in SPIKE_MATRICES[mixer].items():
            yield layer_key(index, suffix), getattr(layer.unit, name)


def outer_tensors(
    model: MatMulFreeModel,
) -> Iterator[tuple[str, TernaryMatrix | NDArray[np.float32]]]:
    """The same of final norm and head, which stand behind the layers."""
    yield FINAL_NORM, model.norm
    yield from _bitlinear_tensors(HEAD, model.lm_head)


def _bitlinear_tensors(
    key: str, weights: BitLinearWeights
) -> Iterator[tuple[str, TernaryMatrix | NDArray[np.float32]]]:
    yield key, weights.matrix
    yield f"{key}.norm.weight", weights.gain


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
            for name, suffix in TOKEN_MATRICES.items()
        }
        unit = read_unit(config, reader, index)
        return LayerWeights(**norms, **matrices, unit=unit, lower_bound=self._bounds[index])


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
