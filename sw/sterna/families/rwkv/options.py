"""Options that only language models of several planes have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.machine.units.ternary import MOST_PLANES
from sterna.options import option

OWNER = "language models of several planes"


@dataclass(frozen=True)
class Planes:
    """How fine weights are."""

    owner: ClassVar[str] = OWNER
    planes: int | None = option(
        None, f"Ternary planes of every matrix, 1 to {MOST_PLANES} (those of the model, else 5).",
        least=1, most=MOST_PLANES, project="formats.planes")
