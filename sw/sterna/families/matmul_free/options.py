"""Options that only MatMul-free language models have."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.families.matmul_free.released_shapes import SHAPES
from sterna.options import option


@dataclass(frozen=True)
class Size:
    """A released size in place of MODEL."""

    shape: str | None = option(
        None, "Instead of MODEL: a random checkpoint of a released size, 370m, 1.3b or 2.7b.",
        metavar="SIZE", for_model=True, values=tuple(SHAPES))
