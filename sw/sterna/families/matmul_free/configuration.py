"""Configuration of a MatMul-free language model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from sterna.errors import InputError
from sterna.families.matmul_free.names import MODEL_TYPE
from sterna.formats.foreign import told_of_configuration
from sterna.reading import read_json

_SWISH_NAMES = ("swish", "silu")
CHANNEL_MIXERS = ("glu", "lif")

MOST = {"vocab_size": 1 << 21, "hidden_size": 1 << 16, "num_hidden_layers": 1 << 12,
        "intermediate_size": 1 << 18, "max_position_embeddings": 1 << 40, "hidden_ratio": 1000}
"""Several times the sizes of the largest language models; beyond them a file is damaged."""
MOST_TOKEN = 1 << 63
FLOOR = -1.0
"""Least membrane of a neuron that is carried to the next token."""
NORM_EPSILON = 1e-6
"""Epsilon of the norm in front of every ternary matrix."""


def derived_intermediate_size(hidden_size: int, hidden_ratio: float) -> int:
    """Width of the gated unit when a checkpoint leaves it null: a multiple of 256."""
    return 256 * math.ceil(int(hidden_size * hidden_ratio * 2 / 3) / 256)


@dataclass(frozen=True)
class ModelConfig:
    """The fields of `HGRNBitConfig` that decide what a MatMul-free LM computes, and one of ours.

    `channel_mixer` is ours: ``glu`` is the gated linear unit of the releases, ``lif`` a population
    of `intermediate_size` spiking neurons between its two matrices.

    Defaults are those of the released class (the 1.3B geometry). `intermediate_size` 0 is
    replaced by the rule of `derived_intermediate_size`. Raises `InputError` on any value that
    the released arithmetic does not define.
    """

    vocab_size: int = 32000
    hidden_size: int = 2048
    num_hidden_layers: int = 24
    hidden_ratio: float = 4
    intermediate_size: int = 0
    rms_norm_eps: float = 1e-6
    bos_token_id: int | None = 1
    eos_token_id: int | tuple[int, ...] | None = 2
    pad_token_id: int | None = None
    use_lower_bound: bool = True
    num_heads: int = 1
    expand_ratio: int = 1
    use_short_conv: bool = False
    attn_mode: str = "fused_recurrent"
    hidden_act: str = "swish"
    max_position_embeddings: int = 2048
    tie_word_embeddings: bool = False
    model_type: str = MODEL_TYPE
    channel_mixer: str = "glu"

    def __post_init__(self) -> None:
        if self.model_type != MODEL_TYPE:
            raise InputError(
                f"configuration: model_type is {self.model_type!r}, not {MODEL_TYPE!r}, "
                "which is that of a MatMul-free LM")
        for name in ("vocab_size", "hidden_size", "num_hidden_layers", "max_position_embeddings"):
            _require_whole(name, getattr(self, name), 1, MOST[name])
        _require_number("hidden_ratio", self.hidden_ratio, MOST["hidden_ratio"])
        _require_number("rms_norm_eps", self.rms_norm_eps, 1)
        if self.intermediate_size is None or self.intermediate_size == 0:
            derived = derived_intermediate_size(self.hidden_size, self.hidden_ratio)
            object.__setattr__(self, "intermediate_size", derived)
        _require_whole("intermediate_size", self.intermediate_size, 1, MOST["intermediate_size"])
        for name in ("bos_token_id", "pad_token_id"):
            self._require_token(name, getattr(self, name))
        for token in self.end_tokens:
            self._require_token("eos_token_id", token)
        self._require_only("use_short_conv", False, "short convolutions are not in any release")
        self._require_only("num_heads", 1, "released models have one head")
        self._require_only("expand_ratio", 1, "the lower bounds have the hidden width")
        self._require_only("tie_word_embeddings", False, "the head is a ternary matrix of its own")
        self._require_only("attn_mode", "fused_recurrent", "no other recurrence is defined")
        if not isinstance(self.use_lower_bound, bool):
            raise InputError(
                f"configuration: use_lower_bound must be true or false, not "
                f"{self.use_lower_bound!r}"
            )
        if self.channel_mixer not in CHANNEL_MIXERS:
            raise InputError(
                f"configuration: channel_mixer is {self.channel_mixer!r}; it must be "
                f"{' or '.join(CHANNEL_MIXERS)}"
            )
        if self.hidden_act not in _SWISH_NAMES:
            raise InputError(
                f"configuration: hidden_act is {self.hidden_act!r}; the gated unit is defined "
                "with 'swish' only"
            )

    @property
    def end_tokens(self) -> tuple[int, ...]:
        """Every token that ends a text; the first stands between documents."""
        ends = self.eos_token_id
        return () if ends is None else ends if isinstance(ends, tuple) else (ends,)

    @property
    def end_token(self) -> int | None:
        """The token that stands between documents."""
        return next(iter(self.end_tokens), None)

    def _require_token(self, name: str, value: object) -> None:
        if value is None:
            return
        if _require_whole(name, value, 0, MOST_TOKEN) >= self.vocab_size:
            raise InputError(
                f"configuration: {name} is {value}, outside the vocabulary of {self.vocab_size}"
            )

    def _require_only(self, name: str, supported: object, reason: str) -> None:
        value = getattr(self, name)
        if type(value) is not type(supported) or value != supported:
            raise InputError(
                f"configuration: {name} is {value!r}; only {supported!r} is supported ({reason})"
            )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelConfig:
        """Read a parsed config.json; keys that do not bear on the arithmetic are ignored."""
        if (told := told_of_configuration(values)) is not None:
            raise InputError(f"configuration: {told}")
        if "model_type" not in values:
            raise InputError(
                f"configuration: model_type is missing; of a MatMul-free LM it is {MODEL_TYPE!r}")
        known = {field.name for field in fields(cls)}
        chosen = {name: value for name, value in values.items() if name in known}
        if chosen.get("intermediate_size", 0) is None:
            chosen["intermediate_size"] = 0
        if isinstance(ends := chosen.get("eos_token_id"), list):
            chosen["eos_token_id"] = tuple(ends)
        return cls(**chosen)

    def to_dict(self) -> dict[str, Any]:
        """All fields, as config.json stores them; ours only where it is not that of a release."""
        values = asdict(self)
        if self.channel_mixer == "glu":
            del values["channel_mixer"]
        return values

    @property
    def ternary_weight_count(self) -> int:
        """Ternary weights read for one token, the head included."""
        hidden, intermediate = self.hidden_size, self.intermediate_size
        channels = {"glu": 3, "lif": 2}[self.channel_mixer]
        layer = 4 * hidden * hidden + channels * hidden * intermediate
        return self.num_hidden_layers * layer + self.vocab_size * hidden

    @property
    def state_widths(self) -> tuple[int, int]:
        """Numbers that a layer keeps from token to token: recurrence, and membranes."""
        return self.hidden_size, self.intermediate_size if self.channel_mixer == "lif" else 0


def read_config(path: Path) -> ModelConfig:
    """Read and validate a config.json."""
    try:
        return ModelConfig.from_dict(read_json(path))
    except InputError as error:
        message = str(error)
        raise InputError(message if str(path) in message else f"{path}: {message}") from None


def _require_whole(name: str, value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(
            f"configuration: {name} must be a whole number of at least {least}, not {value!r}"
        )
    if value > most:
        raise InputError(f"configuration: {name} is {value}; the largest that is read is {most}")
    return value


def _require_number(name: str, value: object, most: float) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value <= most:  # type: ignore[operator]
        raise InputError(f"configuration: {name} must be a number above 0, up to {most}, not "
                         f"{value!r}")
