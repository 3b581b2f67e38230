"""Options that only RWKV-4 models have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.families.rwkv4.names import SIZES
from sterna.machine.units.ternary import MOST_PLANES
from sterna.options import option

OWNER = "RWKV-4 models"


@dataclass(frozen=True)
class Size:
    """A released size in place of MODEL."""

    shape: str | None = option(
        None, "Instead of MODEL: random weights of a released size: "
        f"{', '.join(SIZES)}.", metavar="SIZE", for_model=True, values=tuple(SIZES))


@dataclass(frozen=True)
class Planes:
    """How fine weights are."""

    owner: ClassVar[str] = OWNER
    planes: int | None = option(
        None, f"Ternary planes of every matrix, 1 to {MOST_PLANES} (those of the model, else 5).",
        least=1, most=MOST_PLANES, project="formats.planes")
