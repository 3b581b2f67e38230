"""Parameters of a lowered MatMul-free LM, computed from the model when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.families.layers.scalars import scalar_constant
from sterna.families.matmul_free.configuration import NORM_EPSILON
from sterna.families.matmul_free.lowering.formats import Formats
from sterna.families.matmul_free.lowering.gains import ScaledGain
from sterna.families.matmul_free.lowering.scales import Scales, product, with_epsilon
from sterna.families.matmul_free.lowering.unit import unit_of
from sterna.families.matmul_free.weights import LayerWeights, MatMulFreeModel
from sterna.law.neuron_parameters import NeuronParameters
from sterna.program.definition import Parameters, ScalarConstant

# Gate accumulators grow with the root of the columns; beyond this width the constants that they
# are multiplied with take the difference back, so that the product keeps its headroom.
_TYPICAL_COLUMNS = 64


class MatMulFreeParameters(Parameters):
    """The parameters of a model; two layers are in memory at a time."""

    def __init__(self, model: MatMulFreeModel, formats: Formats) -> None:
        self._model, self._formats = model, formats
        self._layer: Callable[[int], LayerWeights] = lru_cache(2)(self._read_layer)
        self._gains: Callable[[int], dict[str, ScaledGain]] = lru_cache(2)(self._layer_gains)
        self._scales, self._unit = Scales(formats), unit_of(model.config, formats)
        self._final_norm = self._scales.gain(with_epsilon(model.norm))
        self._head_gain = self._scales.gain(product(model.norm, model.lm_head.gain))

    def matrix(self, section: str, repetition: int, name: str) -> NDArray[np.int8]:
        """Trits int8 [rows, columns]; raises KeyError for an unknown name."""
        if section == "head":
            return _only(name, {"head": self._model.lm_head}).matrix.codes
        layer = self._layer(repetition)
        matrices = {
            "candidate": layer.i_proj.matrix.codes,
            "forget": layer.f_proj.matrix.codes,
            "gate": layer.g_proj.matrix.codes,
            "output": layer.o_proj.matrix.codes,
        }
        return _only(name, {**matrices, **self._unit.matrices(layer)})

    def vector(self, section: str, repetition: int, name: str) -> NDArray[np.int32]:
        """Gain or bound, words; raises KeyError for an unknown name."""
        if name == "next_candidate":
            following = 0 if section == "embed" else repetition + 1
            last = following == len(self._model.layers)
            return (self._head_gain if last else self._gains(following)["candidate"]).values
        if section == "head":
            return _only(name, {"norm": self._final_norm}).values
        return _only(name, self._gains(repetition)).values

    def scalar(self, section: str, repetition: int, name: str) -> ScalarConstant:
        """Dequantisation factor or epsilon; raises KeyError for an unknown name."""
        if section == "head":
            factor = self._scales.factor(
                self._model.lm_head, 0, self._head_gain.fraction, self._final_norm.fraction
            )
            return scalar_constant(_only(name, {"head_factor": factor}), self._formats.word_bits)
        layer, gains, formats = self._layer(repetition), self._gains(repetition), self._formats
        activation, norm = formats.activation_fraction, gains["norm"].fraction
        gated = formats.swish_fraction + gains["state"].fraction - formats.gain_shift
        gated -= formats.output_shift
        output, factor = gains["output"].fraction - formats.gain_shift, self._scales.factor
        values = {
            "candidate_factor": lambda: factor(
                layer.i_proj, activation, gains["candidate"].fraction, norm
            ),
            "forget_factor": lambda: factor(
                layer.f_proj, activation, gains["forget"].fraction, norm
            ),
            "output_factor": lambda: factor(layer.o_proj, formats.residual_fraction, output, 0),
            "output_epsilon": lambda: NORM_EPSILON * 2.0 ** (2 * gated),
            **self._unit.scalars(layer, gains),
        }
        return scalar_constant(_only(name, values)(), formats.word_bits)

    def neurons(self, section: str, repetition: int, name: str) -> NeuronParameters:
        """Decays and thresholds; raises KeyError for an unknown name."""
        return _only(name, self._unit.neurons(self._layer(repetition)))

    def embedding(self, token: int) -> NDArray[np.int32]:
        """The embedding row in the format of the residual stream."""
        row = self._model.embeddings[token].astype(np.float64)
        limit = self._formats.word_limit
        words = np.floor(row * 2.0**self._formats.residual_fraction + 0.5).clip(-limit, limit)
        return words.astype(np.int32)

    def _read_layer(self, index: int) -> LayerWeights:
        return self._model.layers[index]

    def _layer_gains(self, index: int) -> dict[str, ScaledGain]:
        layer = self._layer(index)
        attention = layer.attn_norm
        state_bits, output_bits = self._formats.state_gain_bits, self._formats.output_gain_bits
        if state_bits is None:
            columns = self._model.config.hidden_size
            coarser = max(0, round(log2(columns / _TYPICAL_COLUMNS) / 2))
            state_bits = self._formats.gain_bits - coarser
        if output_bits is None:
            # What the state's gains lose in wide layers is given back where the numbers are less.
            output_bits = self._formats.gain_bits + 1
        share = np.round((1 - layer.lower_bound.astype(np.float64)) * 2.0**self._share_fraction)
        words = share.clip(max=self._formats.word_limit).astype(np.int32)
        gain = self._scales.gain
        return {
            "norm": gain(with_epsilon(attention)),
            "candidate": gain(product(attention, layer.i_proj.gain)),
            "forget": gain(product(attention, layer.f_proj.gain)),
            "gate": gain(product(attention, layer.g_proj.gain)),
            "state": gain(layer.g_norm, state_bits),
            "output": gain(layer.o_proj.gain, output_bits),
            "share": ScaledGain(words, self._share_fraction),
            **self._unit.gains(layer),
        }

    @property
    def _share_fraction(self) -> int:
        formats = self._formats
        return formats.share_fraction + share_shift(formats) - formats.gate_fraction


def share_shift(formats: Formats) -> int:
    """Shift after ``sigmoid * (1 - bound)``: the constant gets as many bits as the word has."""
    spare = formats.word_bits - 1 - formats.share_fraction + formats.gate_fraction
    return min(spare - spare % 4, 32)


def _only(name: str, known: Mapping[str, Any]) -> Any:
    if name not in known:
        raise KeyError(f"no parameter of that name: {name}")
    return known[name]
