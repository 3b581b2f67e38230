"""Configuration of an RWKV-4 language model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from sterna.errors import InputError
from sterna.reading import read_json

MODEL_TYPE = "rwkv4"
NORM_EPSILON = 1e-5
"""Of every LayerNorm, whatever a file's configuration says: the authors' code has no other."""
MOST = {"vocab_size": 1 << 21, "hidden_size": 1 << 16, "num_hidden_layers": 1 << 12,
        "intermediate_size": 1 << 18}
"""Several times the sizes of the largest language models; beyond them a file is damaged."""
MOST_TOKEN = 1 << 63


@dataclass(frozen=True)
class RwkvConfig:
    """What decides the shape of a model, and the tokens that open and end a text.

    ``intermediate_size`` 0 is replaced by four times the hidden one. Raises `InputError` on any
    value that means nothing.
    """

    vocab_size: int = 50277
    hidden_size: int = 768
    num_hidden_layers: int = 12
    intermediate_size: int = 0
    bos_token_id: int | None = None
    eos_token_id: int | None = 0
    model_type: str = MODEL_TYPE

    def __post_init__(self) -> None:
        if self.model_type != MODEL_TYPE:
            raise InputError(f"configuration: model_type is {self.model_type!r}, not "
                             f"{MODEL_TYPE!r}")
        if self.intermediate_size == 0:
            object.__setattr__(self, "intermediate_size", 4 * self.hidden_size)
        for name, most in MOST.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
                raise InputError(f"configuration: {name} is {value!r}; it must be a whole number "
                                 f"from 1 to {most}")
        for name in ("bos_token_id", "eos_token_id"):
            token = getattr(self, name)
            if token is not None and (isinstance(token, bool) or not isinstance(token, int)
                                      or not 0 <= token < self.vocab_size):
                raise InputError(f"configuration: {name} is {token!r}; the vocabulary has "
                                 f"{self.vocab_size} tokens")

    @property
    def matrix_weights(self) -> int:
        """Weights of all matrices, the embedding left out."""
        hidden, wide = self.hidden_size, self.intermediate_size
        return (self.num_hidden_layers * hidden * (5 * hidden + 2 * wide)
                + self.vocab_size * hidden)

    def to_dict(self) -> dict[str, Any]:
        """As config.json of a model folder holds it."""
        return asdict(self)


def read_config(path: Path) -> RwkvConfig:
    """Read config.json of a model folder. Raises `InputError` naming the file."""
    values: Mapping[str, Any] = read_json(path)
    unknown = sorted(values.keys() - {field.name for field in fields(RwkvConfig)})
    if unknown:
        raise InputError(f"{path}: {unknown[0]} is not part of the configuration of an RWKV-4")
    try:
        return RwkvConfig(**values)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
