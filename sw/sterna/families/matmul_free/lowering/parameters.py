"""Parameters of a lowered MatMul-free LM, computed from the model when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import log2, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.families.matmul_free.configuration import NORM_EPSILON
from sterna.families.matmul_free.lowering.formats import Formats
from sterna.families.matmul_free.lowering.gains import ScaledGain, scalar_constant, scale_gain
from sterna.families.matmul_free.weights import BitLinearWeights, LayerWeights, MatMulFreeModel
from sterna.law.arithmetic import CODE_LIMIT
from sterna.program.definition import ScalarConstant

# Gate accumulators grow with the root of the columns; beyond this width the constants that they
# are multiplied with take the difference back, so that the product keeps its headroom.
_TYPICAL_COLUMNS = 64


@dataclass(frozen=True, eq=False)
class _LayerGains:
    """Every gain of a layer as words."""

    norm: ScaledGain
    candidate: ScaledGain
    forget: ScaledGain
    gate: ScaledGain
    state: ScaledGain
    output: ScaledGain
    unit_norm: ScaledGain
    unit: ScaledGain
    down: ScaledGain
    share: NDArray[np.int32]


def with_epsilon(gain: NDArray[np.float32]) -> NDArray[np.float64]:
    """The gain of a block norm whose sum of squares carries the epsilon of the norm behind it.

    Two norms in a row divide by ``sqrt(mean((x*g)**2) + eps*mean(x**2) + eps*eps')``; the first two
    terms are ``mean((x * sqrt(g**2 + eps))**2)``, the last is below 1e-11.
    """
    return np.sqrt(gain.astype(np.float64) ** 2 + NORM_EPSILON)


class MatMulFreeParameters:
    """Implements `sterna.program.definition.Parameters`; two layers are in memory at a time."""

    def __init__(self, model: MatMulFreeModel, formats: Formats) -> None:
        self._model, self._formats = model, formats
        self._layer: Callable[[int], LayerWeights] = lru_cache(2)(self._read_layer)
        self._gains: Callable[[int], _LayerGains] = lru_cache(2)(self._layer_gains)
        self._final_norm = self._gain(with_epsilon(model.norm))
        self._head_gain = self._gain(_product(model.norm, model.lm_head.gain))

    def matrix(self, section: str, repetition: int, name: str) -> NDArray[np.int8]:
        """Trits int8 [rows, columns]; raises KeyError for an unknown name."""
        if section == "head":
            return _only(name, {"head": self._model.lm_head}).matrix.codes
        layer = self._layer(repetition)
        half = self._model.config.intermediate_size
        if name in ("unit", "up"):
            codes = layer.gate_proj.matrix.codes
            return codes[:half] if name == "unit" else codes[half:]
        matrices = {
            "candidate": layer.i_proj,
            "forget": layer.f_proj,
            "gate": layer.g_proj,
            "output": layer.o_proj,
            "down": layer.down_proj,
        }
        return _only(name, matrices).matrix.codes

    def vector(self, section: str, repetition: int, name: str) -> NDArray[np.int32]:
        """Gain or bound, words; raises KeyError for an unknown name."""
        if name == "next_candidate":
            following = 0 if section == "embed" else repetition + 1
            last = following == len(self._model.layers)
            return (self._head_gain if last else self._gains(following).candidate).values
        if section == "head":
            return _only(name, {"norm": self._final_norm}).values
        gains = self._gains(repetition)
        if name == "share":
            return gains.share
        return getattr(gains, _only(name, {field: field for field in _LAYER_GAIN_NAMES})).values

    def scalar(self, section: str, repetition: int, name: str) -> ScalarConstant:
        """Dequantisation factor or epsilon; raises KeyError for an unknown name."""
        if section == "head":
            factor = self._factor(
                self._model.lm_head, 0, self._head_gain.fraction, self._final_norm.fraction
            )
            return scalar_constant(_only(name, {"head_factor": factor}), self._formats.word_bits)
        layer, gains, formats = self._layer(repetition), self._gains(repetition), self._formats
        activation = formats.activation_fraction
        unit = gains.unit.fraction
        block, unit_block = gains.norm.fraction, gains.unit_norm.fraction
        gated = formats.swish_fraction + gains.state.fraction - formats.gain_shift
        gated -= formats.output_shift
        product = formats.product_fraction
        columns = self._model.config.intermediate_size
        shift = formats.gain_shift
        values = {
            "candidate_factor": lambda: self._factor(
                layer.i_proj, activation, gains.candidate.fraction, block
            ),
            "forget_factor": lambda: self._factor(
                layer.f_proj, activation, gains.forget.fraction, block
            ),
            "output_factor": lambda: self._factor(
                layer.o_proj, formats.residual_fraction, gains.output.fraction - shift, 0
            ),
            "output_epsilon": lambda: NORM_EPSILON * 2.0 ** (2 * gated),
            "unit_factor": lambda: self._factor(layer.gate_proj, activation, unit, unit_block),
            "up_factor": lambda: self._factor(
                layer.gate_proj, formats.up_fraction, unit, unit_block
            ),
            "down_factor": lambda: self._factor(
                layer.down_proj, formats.residual_fraction, gains.down.fraction - shift, 0
            ),
            "down_epsilon": lambda: NORM_EPSILON * columns * 2.0 ** (2 * product),
        }
        return scalar_constant(_only(name, values)(), formats.word_bits)

    def embedding(self, token: int) -> NDArray[np.int32]:
        """The embedding row in the format of the residual stream."""
        row = self._model.embeddings[token].astype(np.float64)
        limit = self._formats.word_limit
        words = np.floor(row * 2.0**self._formats.residual_fraction + 0.5).clip(-limit, limit)
        return words.astype(np.int32)

    def _read_layer(self, index: int) -> LayerWeights:
        return self._model.layers[index]

    def _gain(self, values: NDArray[np.floating], bits: int | None = None) -> ScaledGain:
        formats = self._formats
        bits = min(formats.gain_bits if bits is None else bits, formats.word_bits - 1)
        return scale_gain(values, bits, formats.word_limit)

    def _layer_gains(self, index: int) -> _LayerGains:
        layer = self._layer(index)
        attention, unit = layer.attn_norm, layer.mlp_norm
        state_bits, output_bits = self._formats.state_gain_bits, self._formats.output_gain_bits
        if state_bits is None:
            columns = self._model.config.hidden_size
            coarser = max(0, round(log2(columns / _TYPICAL_COLUMNS) / 2))
            state_bits = self._formats.gain_bits - coarser
        if output_bits is None:
            # What the state's gains lose in wide layers is given back where the numbers are less.
            output_bits = self._formats.gain_bits + 1
        share = np.round((1 - layer.lower_bound.astype(np.float64)) * 2.0**self._share_fraction)
        return _LayerGains(
            norm=self._gain(with_epsilon(attention)),
            candidate=self._gain(_product(attention, layer.i_proj.gain)),
            forget=self._gain(_product(attention, layer.f_proj.gain)),
            gate=self._gain(_product(attention, layer.g_proj.gain)),
            state=self._gain(layer.g_norm, state_bits),
            output=self._gain(layer.o_proj.gain, output_bits),
            unit_norm=self._gain(with_epsilon(unit)),
            unit=self._gain(_product(unit, layer.gate_proj.gain)),
            down=self._gain(layer.down_proj.gain, self._formats.down_gain_bits),
            share=share.clip(max=self._formats.word_limit).astype(np.int32),
        )

    @property
    def _share_fraction(self) -> int:
        formats = self._formats
        return formats.share_fraction + share_shift(formats) - formats.gate_fraction

    def _factor(
        self, weights: BitLinearWeights, fraction: int, code_fraction: int, norm_fraction: int
    ) -> float:
        """What absmax of the code source times 1/sqrt(squares) is multiplied with.

        `fraction` is that of the dequantised result; `code_fraction` less `norm_fraction` is the
        difference of fraction between the vector that became codes and the one that was squared.
        """
        scale = float(weights.matrix.scale) * sqrt(len(weights.gain)) / CODE_LIMIT
        return scale * 2.0 ** (fraction - code_fraction + norm_fraction)


_LAYER_GAIN_NAMES = (
    "norm", "forget", "gate", "state", "output", "unit_norm", "unit", "down",
)


def share_shift(formats: Formats) -> int:
    """Shift after ``sigmoid * (1 - bound)``: the constant gets as many bits as the word has."""
    spare = formats.word_bits - 1 - formats.share_fraction + formats.gate_fraction
    return min(spare - spare % 4, 32)


def _product(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
    return a.astype(np.float64) * b.astype(np.float64)


def _only(name: str, known: dict[str, Any]) -> Any:
    if name not in known:
        raise KeyError(f"no parameter of that name: {name}")
    return known[name]
