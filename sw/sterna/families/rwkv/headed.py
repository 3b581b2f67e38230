"""What versions whose states are matrices have in common."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.errors import InputError
from sterna.families.layers.heads import Heads
from sterna.families.rwkv.configuration import Configuration
from sterna.families.rwkv.layout import linear_shape

HEAD_NORM = "att.ln_x"
HEAD_EPSILON = 64e-5
"""Of the norm of heads: 1e-5 of an output divided by 8."""


@dataclass(frozen=True)
class HeadedConfig(Configuration):
    """See `Configuration`; the hidden size is a multiple of that of heads."""

    vocab_size: int = 65536
    head_size: int = 64

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hidden_size % self.head_size:
            raise InputError(f"configuration: hidden_size {self.hidden_size} is no multiple of "
                             f"head_size {self.head_size}")

    @property
    def heads(self) -> Heads:
        """Those of a layer."""
        return Heads(self.hidden_size // self.head_size, self.head_size)


def head_size(hidden: int, heads: int) -> int:
    """Of a random model. Raises `InputError` for heads that are not alike."""
    if not heads or hidden % heads:
        raise InputError(f"hidden {hidden} is no multiple of heads {heads}")
    return hidden // heads


def narrow_intermediate(hidden: int) -> int:
    """Inner channels of versions 5 and 6: three and a half times as many, whole groups of 32."""
    return max(1, int(3.5 * hidden) // 32 * 32)


def headed_shape(config: HeadedConfig, name: str, headed: tuple[str, ...]) -> tuple[int, int]:
    """Rows and columns of a linear map in the program: those of ``headed`` have a row for each
    element of the heads, padding among them."""
    if name in headed:
        return config.heads.length, config.hidden_size
    if name == "output":
        return config.hidden_size, config.heads.length
    return linear_shape(config, name)
