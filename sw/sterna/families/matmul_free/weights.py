"""The weights of a MatMul-free LM in memory, as the compiler and the golden model take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sterna.families.matmul_free.configuration import ModelConfig
from sterna.formats.chat import ChatTemplate


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
class GatedUnitWeights:
    """A gated linear unit. `gate_proj` holds the gate rows first, then as many up rows."""

    gate_proj: BitLinearWeights
    down_proj: BitLinearWeights


@dataclass(frozen=True, eq=False)
class NeuronWeights:
    """What each neuron of a population has, float32 `[neurons]`, as it is trained."""

    decay_logit: NDArray[np.float32]
    threshold_log: NDArray[np.float32]

    @property
    def decay(self) -> NDArray[np.float64]:
        """What is left of a membrane after a token, between 0 and 1."""
        return 1 / (1 + np.exp(-self.decay_logit.astype(np.float64)))

    @property
    def threshold(self) -> NDArray[np.float64]:
        """The least membrane that fires, above 0."""
        return np.exp(self.threshold_log.astype(np.float64))


@dataclass(frozen=True, eq=False)
class SpikingUnitWeights:
    """Neurons between two matrices; `down_proj` takes their spikes as they are."""

    up_proj: BitLinearWeights
    neurons: NeuronWeights
    down_proj: TernaryMatrix


UnitWeights = GatedUnitWeights | SpikingUnitWeights


@dataclass(frozen=True, eq=False)
class LayerWeights:
    """One layer; vectors are float32 of the hidden width.

    `lower_bound` is the least value of the forget gates, already computed from the trained
    parameter; `unit` is the channel mixer.
    """

    attn_norm: NDArray[np.float32]
    g_norm: NDArray[np.float32]
    mlp_norm: NDArray[np.float32]
    i_proj: BitLinearWeights
    f_proj: BitLinearWeights
    g_proj: BitLinearWeights
    o_proj: BitLinearWeights
    unit: UnitWeights
    lower_bound: NDArray[np.float32]

    @property
    def gated_unit(self) -> GatedUnitWeights:
        """The channel mixer of a layer that has the gated one; raises TypeError for another."""
        if not isinstance(self.unit, GatedUnitWeights):
            raise TypeError("the layer has no gated unit")
        return self.unit

    @property
    def spiking_unit(self) -> SpikingUnitWeights:
        """The channel mixer of a layer that has neurons; raises TypeError for another."""
        if not isinstance(self.unit, SpikingUnitWeights):
            raise TypeError("the layer has no neurons")
        return self.unit


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
    chat: ChatTemplate | None = None


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
