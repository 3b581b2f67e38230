"""Choosing formats for a model from the values that its float reference computes.

Formats as fine as the largest values allow: a value of a few units, once it is a source of codes,
makes other codes, and every layer behind adds its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from math import floor, log2

import numpy as np

from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.lowering.formats import Formats
from sterna.families.matmul_free.lowering.observation import Observer, Ranges
from sterna.families.matmul_free.weights import LayerWeights, MatMulFreeModel
from sterna.law.arithmetic import CODE_LIMIT, MAX_SHIFT, SHIFT_STEP

Progress = Callable[[int, int], None]

CALIBRATION_TOKENS = 2048
"""Tokens of a text that `sterna import --calibrate` looks at."""
RANDOM_MODEL_IDS = 32
"""Random ids that the formats of a random model are chosen from."""
_LEAST_IDS, _MOST_IDS, _IMPORT_PRODUCTS = 16, 256, 4e10
HEADROOM, PRODUCT_HEADROOM = 2.0, 4.0
"""Times by which a value, or a product of two, may exceed the largest seen before it saturates."""
MOST_ACTIVATION_BITS = 7
"""Bits of the integer part of the sigmoids' inputs; with more their table is too coarse."""
GAIN_SHIFT = 12
"""Of calibrated formats: gains may be many times one, so that sources of codes are no coarser
than the values they are made of, and still have twelve bits and more."""
# Smaller ranges, and those of dead layers, ask for no finer formats than this one.
_FAINTEST = 2.0**-12
# Source of codes -> values that are rounded on the way to it, and gains that enter.
_ROUNDED = {
    "down": (("up", "up_gained", "product", "down_source"), ("down_gain_bits",)),
    "output": (
        ("state_gained", "state_output", "gated", "output_source"),
        ("state_gain_bits", "output_gain_bits"),
    ),
}


class Calibration:
    """Formats that suit what the float reference computes on `tokens`, one text.

    It has to be shown every layer, in order; all tokens pass it at once. Raises `InputError`
    without tokens, for an id outside the vocabulary, and when the float reference overflows.
    """

    def __init__(self, model: MatMulFreeModel, tokens: Sequence[int], word_bits: int = 18) -> None:
        if not tokens:
            raise InputError("calibration needs at least one token")
        for token in tokens:
            if not 0 <= token < model.config.vocab_size:
                raise InputError(f"calibration: token {token} is outside the vocabulary of "
                                 f"{model.config.vocab_size}")
        self._model, self._word_bits = model, word_bits
        self._observer = Observer(model.config, model.embeddings[list(tokens)])

    def see_layer(self, weights: LayerWeights) -> None:
        """Take the tokens through the next layer."""
        self._observer.see_layer(weights)

    @cached_property
    def ranges(self) -> Ranges:
        """What was seen; asked for after the last layer."""
        self._observer.see_head(self._model.norm, self._model.lm_head)
        return self._observer.ranges

    @cached_property
    def formats(self) -> Formats:
        """The formats chosen."""
        return formats_for(self.ranges, self._word_bits)

    def to_json(self) -> str:
        """The formats as `formats.json` holds them."""
        return self.formats.to_json()

    @property
    def concerns(self) -> list[str]:
        """What a user should know about the formats."""
        return concerns(self.ranges, self.formats)


def calibrate(
    model: MatMulFreeModel,
    tokens: Sequence[int],
    word_bits: int = 18,
    progress: Progress | None = None,
) -> Calibration:
    """The calibration of a model that can be read; `progress` is told layers done and in all.

    Raises `InputError` as `Calibration` does.
    """
    calibration = Calibration(model, tokens, word_bits)
    layers = len(model.layers)
    for index, weights in enumerate(model.layers):
        if progress is not None:
            progress(index, layers)
        calibration.see_layer(weights)
    if progress is not None:
        progress(layers, layers)
    return calibration


def import_ids(config: ModelConfig) -> list[int]:
    """The random ids that `sterna import` looks at unless it is given a text.

    A large model gets fewer, so that they take a second or two of processor time.
    """
    count = round(_IMPORT_PRODUCTS / config.ternary_weight_count)
    return random_ids(config, min(max(count, _LEAST_IDS), _MOST_IDS))


def random_ids(config: ModelConfig, count: int, seed: int = 0) -> list[int]:
    """So many ids of the vocabulary, the begin token first where there is one."""
    ids: list[int] = np.random.default_rng(seed).integers(0, config.vocab_size, count).tolist()
    if config.bos_token_id is not None:
        ids[0] = config.bos_token_id
    return ids


def formats_for(ranges: Ranges, word_bits: int = 18) -> Formats:
    """The finest formats that leave the ranges their headroom in words of so many bits."""
    residual = max(0, _spare(ranges.residual, word_bits))
    activation = max(_spare(ranges.activation, word_bits), word_bits - 1 - MOST_ACTIVATION_BITS)
    activation = min(activation, word_bits - 1)
    # A table less if the state, which never exceeds the candidate's swish, is read by the same.
    base = replace(
        Formats.default(word_bits),
        residual_fraction=residual,
        activation_fraction=activation,
        state_fraction=activation,
        swish_fraction=activation,
        up_fraction=0,
        product_fraction=activation % SHIFT_STEP,
        gain_shift=GAIN_SHIFT,
        gain_bits=_gain_bits(_spare(ranges.residual_source * 2.0**residual, word_bits), word_bits),
    )
    unit = min(_unit_formats(ranges, base), key=lambda formats: _error(ranges, formats, "down"))
    return min(_mixer_formats(ranges, unit), key=lambda formats: _error(ranges, formats, "output"))


def _spare(largest: float, word_bits: int, headroom: float = HEADROOM) -> int:
    """Bits by which a value may be shifted left in words."""
    limit = (1 << (word_bits - 1)) - 1
    return floor(log2(limit / (headroom * max(largest, _FAINTEST))))


def _gain_bits(bits: int, word_bits: int) -> int:
    """Magnitude bits of gains that shift a value left by so many bits."""
    return max(0, min(GAIN_SHIFT + bits, word_bits - 1))


def _unit_formats(ranges: Ranges, base: Formats) -> Iterator[Formats]:
    """Formats of the gated unit by the shift of its product, as fine as each allows."""
    word_bits, swish = base.word_bits, base.swish_fraction
    for shift in range(0, MAX_SHIFT + 1, SHIFT_STEP):
        product = _spare(ranges.product, word_bits, PRODUCT_HEADROOM)
        up = max(0, min(_spare(ranges.up, word_bits), product + shift - swish))
        product = swish + up - shift
        if product < 0:
            continue
        gain = min(
            _spare(ranges.up_gained * 2.0**up, word_bits),
            _spare(ranges.down_source * 2.0**product, word_bits, PRODUCT_HEADROOM),
        )
        bits = _gain_bits(gain, word_bits)
        yield replace(base, up_fraction=up, product_fraction=product, down_gain_bits=bits)


def _mixer_formats(ranges: Ranges, base: Formats) -> Iterator[Formats]:
    """Formats of the gated state by the output shift, as fine as each allows."""
    word_bits, scale = base.word_bits, 2.0**base.swish_fraction
    for shift in range(0, MAX_SHIFT + 1, SHIFT_STEP):
        state = min(
            _spare(ranges.state_gained * scale, word_bits),
            _spare(ranges.gated * scale, word_bits, PRODUCT_HEADROOM) + shift,
        )
        state_bits = _gain_bits(state, word_bits)
        state = state_bits - GAIN_SHIFT
        output = min(
            _spare(ranges.state_output * scale, word_bits),
            _spare(ranges.output_source * scale, word_bits, PRODUCT_HEADROOM) + shift,
        )
        bits = _gain_bits(output - state, word_bits)
        yield replace(base, output_shift=shift, state_gain_bits=state_bits, output_gain_bits=bits)


def _error(ranges: Ranges, formats: Formats, source: str) -> float:
    """Sum of squares of what roundings on the way to a source of codes are of the values.

    A value that saturates counts more than any rounding.
    """
    largest, limit = words(ranges, formats), formats.word_limit
    names, bits = _ROUNDED[source]
    roundings = [
        1 / max(value, _FAINTEST) if value <= limit else value
        for value in (largest[name] for name in names)
    ]
    roundings += [2.0 ** -(getattr(formats, name) or 0) for name in bits]
    return sum(rounding**2 for rounding in roundings)


def words(ranges: Ranges, formats: Formats) -> dict[str, float]:
    """What the ranges are in words of calibrated formats, by the name of the range."""
    exponents = _exponents(formats)
    return {name: getattr(ranges, name) * 2.0**bits for name, bits in exponents.items()}


def _exponents(formats: Formats) -> dict[str, int]:
    """Fraction bits of each of the ranges, with the bits that gains and shifts add."""
    gain, state_gain, output_gain, down_gain = (
        (bits or 0) - formats.gain_shift
        for bits in (
            formats.gain_bits,
            formats.state_gain_bits,
            formats.output_gain_bits,
            formats.down_gain_bits,
        )
    )
    state = formats.swish_fraction + state_gain
    output = state + output_gain
    return {
        "residual": formats.residual_fraction,
        "residual_source": formats.residual_fraction + gain,
        "activation": formats.activation_fraction,
        "state_gained": state,
        "state_output": output,
        "gated": state - formats.output_shift,
        "output_source": output - formats.output_shift,
        "up": formats.up_fraction,
        "up_gained": formats.up_fraction + down_gain,
        "product": formats.product_fraction,
        "down_source": formats.product_fraction + down_gain,
    }


def concerns(ranges: Ranges, formats: Formats) -> list[str]:
    """A sentence for every projection with too few units for its codes, and every value that may
    saturate."""
    found = []
    scales = {"o_proj": "output_source", "down_proj": "down_source"}
    for projection, largest in ranges.sources.items():
        exponent = _exponents(formats)[scales.get(projection, "residual_source")]
        layer, least = min(enumerate(largest), key=lambda pair: pair[1])
        units = floor(least * 2.0**exponent)
        if units < CODE_LIMIT:
            place = "" if projection == "lm_head" else f" of layer {layer}"
            found.append(
                f"the codes of {projection}{place} are made of at most {units} units; "
                f"{CODE_LIMIT} are needed"
            )
    for name, largest in words(ranges, formats).items():
        if largest * HEADROOM > formats.word_limit:
            found.append(
                f"{name.replace('_', ' ')} reaches {largest:.0f} units; words saturate at "
                f"{formats.word_limit}"
            )
    return found
