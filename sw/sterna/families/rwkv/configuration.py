"""What all versions of RWKV are configured by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from sterna.errors import InputError
from sterna.reading import read_json

NORM_EPSILON = 1e-5
"""Of every LayerNorm, whatever a file's configuration says: the authors' code has no other."""
MOST = {"vocab_size": 1 << 21, "hidden_size": 1 << 16, "num_hidden_layers": 1 << 12,
        "intermediate_size": 1 << 18}
"""Several times the sizes of the largest language models; beyond them a file is damaged."""
C = TypeVar("C", bound="Configuration")


@dataclass(frozen=True)
class Configuration:
    """What decides the shape of a model, and the tokens that open and end a text.

    ``intermediate_size`` 0 is replaced by the version's usual one. Raises `InputError` on any value
    that means nothing.
    """

    vocab_size: int = 50277
    hidden_size: int = 768
    num_hidden_layers: int = 12
    intermediate_size: int = 0
    bos_token_id: int | None = None
    eos_token_id: int | None = 0
    model_type: str = ""

    title: ClassVar[str] = "an RWKV"
    most: ClassVar[Mapping[str, int]] = MOST

    def __post_init__(self) -> None:
        known = type(self).model_type
        if self.model_type != known:
            raise InputError(f"configuration: model_type is {self.model_type!r}, not {known!r}")
        if self.intermediate_size == 0:
            object.__setattr__(self, "intermediate_size", self.usual_intermediate())
        for name, most in self.most.items():
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

    def usual_intermediate(self) -> int:
        """Channels of the inner layer where none are told."""
        return 4 * self.hidden_size

    @property
    def end_tokens(self) -> tuple[int, ...]:
        """The token that ends a text, of models that have one."""
        return () if self.eos_token_id is None else (self.eos_token_id,)

    def to_dict(self) -> dict[str, Any]:
        """As config.json of a model folder holds it."""
        return asdict(self)


def read_config(path: Path, kind: type[C]) -> C:
    """Read config.json of a model folder. Raises `InputError` naming the file."""
    values: Mapping[str, Any] = read_json(path)
    unknown = sorted(values.keys() - {field.name for field in fields(kind)})
    if unknown:
        raise InputError(f"{path}: {unknown[0]} is not part of the configuration of {kind.title}")
    try:
        return kind(**values)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
