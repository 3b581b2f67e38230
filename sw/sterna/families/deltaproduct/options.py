"""Options that only DeltaProduct models have."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.families.deltaproduct.names import SIZES
from sterna.options import option


@dataclass(frozen=True)
class Size:
    """A released size in place of MODEL."""

    shape: str | None = option(
        None, "Instead of MODEL: random weights of a released size: "
        f"{', '.join(SIZES)}.", metavar="SIZE", for_model=True, values=tuple(SIZES))
