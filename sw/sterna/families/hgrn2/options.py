"""Options that only HGRN2 models have."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.families.hgrn2.names import SIZES
from sterna.options import option


@dataclass(frozen=True)
class Size:
    """A released size in place of MODEL."""

    shape: str | None = option(
        None, "Instead of MODEL: random weights of a released size: "
        f"{', '.join(SIZES)}.", metavar="SIZE", for_model=True, values=tuple(SIZES))
