"""Options that only language models of several planes have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.families.planes import AUTO, is_auto
from sterna.machine.units.ternary import MOST_PLANES
from sterna.options import option

OWNER = "language models of several planes"


@dataclass(frozen=True)
class Planes:
    """How fine weights are."""

    owner: ClassVar[str] = OWNER
    planes: int | str | None = option(
        None, f"Ternary planes of every matrix, 1 to {MOST_PLANES} (those of the model, else 5); "
        "auto chooses those of each.", least=1, most=MOST_PLANES, words=(AUTO,),
        project="formats.planes")
    planes_target: float | None = option(
        None, "With --planes auto: how much perplexity may rise on the text of --calibrate "
        "(0.005), or without one how far logits of random ids may be off, as rms over their "
        "deviation (0.06).", least=0, above=True, most=100, project="formats.planes-target")

    @property
    def auto(self) -> bool:
        """Whether they are to be chosen. Raises `InputError` for a target where they are not."""
        return is_auto(self.planes, self.planes_target)

    @property
    def fixed(self) -> int | None:
        """Those of every matrix, if they are told."""
        return None if self.auto or self.planes is None else int(self.planes)
