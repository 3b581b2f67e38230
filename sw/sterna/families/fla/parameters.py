"""Parameters of lowered models of flash-linear-attention: heads have their padding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sterna.families.fla.formats import FlaFormats
from sterna.families.layers.heads import Heads
from sterna.families.rwkv.headed_parameters import HeadedParameters, Own

L = TypeVar("L", bound=FlaFormats)


class FlaParameters(HeadedParameters[L]):
    """See `HeadedParameters`; those of ``keyed`` have an element for each of all heads of keys."""

    keyed: tuple[str, ...]

    def heads_of(self, name: str) -> Heads:
        config = self.model.config
        found: Heads = config.key_heads if name in self.keyed else config.heads
        return found

    def normed(self) -> Mapping[str, Own]:
        return {}
