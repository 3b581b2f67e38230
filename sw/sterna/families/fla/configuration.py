"""What the models of flash-linear-attention are configured by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.errors import InputError
from sterna.families.layers.heads import Heads
from sterna.families.rwkv.configuration import MOST, Configuration

LEAST_EPSILON, MOST_EPSILON = 1e-12, 1e-2
_WHOLE = 256


@dataclass(frozen=True)
class NormedConfig(Configuration):
    """See `Configuration`; ``norm_eps`` is that of every norm whose epsilon is not constant."""

    norm_eps: float = 1e-6

    def __post_init__(self) -> None:
        super().__post_init__()
        eps = self.norm_eps
        if isinstance(eps, bool) or not isinstance(eps, int | float) or not (
                LEAST_EPSILON <= eps <= MOST_EPSILON):
            raise InputError(f"configuration: norm_eps is {eps!r}; it must be a number from "
                             f"{LEAST_EPSILON} to {MOST_EPSILON}")


@dataclass(frozen=True)
class FlaConfig(NormedConfig):
    """See `NormedConfig`; all heads of keys have one size, all of values another."""

    vocab_size: int = 32000
    hidden_size: int = 1024
    bos_token_id: int | None = 1
    eos_token_id: int | None = 2
    num_heads: int = 4
    key_size: int = 128
    value_size: int = 256

    most: ClassVar[dict[str, int]] = MOST | dict.fromkeys(
        ("num_heads", "key_size", "value_size"), 1 << 12)

    def usual_intermediate(self) -> int:
        return usual_intermediate(self.hidden_size)

    @property
    def heads(self) -> Heads:
        """Of values."""
        return Heads(self.num_heads, self.value_size)

    @property
    def key_heads(self) -> Heads:
        """Of keys."""
        return Heads(self.num_heads, self.key_size)


def usual_intermediate(hidden: int, ratio: float = 4) -> int:
    """Inner channels where none are told: two thirds of ``ratio`` times as many as outside, whole
    groups of 256."""
    return -(-int(hidden * ratio * 2 / 3) // _WHOLE) * _WHOLE


def split(width: float, heads: int, name: str) -> int:
    """The size of one of so many heads. Raises `InputError` for heads that are not alike."""
    if heads < 1 or width != int(width) or int(width) % heads:
        raise InputError(f"{name} {width:g} is no multiple of heads {heads}")
    return int(width) // heads
