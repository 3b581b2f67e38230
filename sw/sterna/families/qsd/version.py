"""QSD-Transformer to everything that spiking transformers share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from sterna.families.qsd.configuration import SCALES, STEP, Configuration
from sterna.families.qsd.lowering import Lowering
from sterna.families.qsd.names import FORMAT, NAME
from sterna.families.qsd.plain import MOST
from sterna.families.qsd.reference import Reference
from sterna.families.sdt_v2.version import SdtV2Version


class _Qsd(SdtV2Version):
    name = NAME
    format = FORMAT
    configuration = Configuration
    reference = Reference
    lowering = Lowering
    unread = ".init_state", ".act.alpha", ".act.zero_point", ".act.signed"
    """What the authors' modules have beside, of activations that they leave as they are."""
    distilled = False
    raised = ()

    def drawn(self, name: str, shape: tuple[int, ...], tensors: Mapping[str, Tensor],
              draw: np.random.Generator) -> NDArray[np.float64] | None:
        if name.endswith(STEP):  # what the authors begin with
            weight = tensors[name.removesuffix(STEP) + ".weight"].abs().mean().item()
            return 2 * weight / np.sqrt(MOST) * draw.uniform(0.8, 1.25, shape)
        return draw.uniform(0.5, 1, shape) if name.endswith(SCALES) else None

    def wrong(self, name: str, values: NDArray[np.float64]) -> str | None:
        if name.endswith(STEP) and (values <= 0).any():
            return "steps that are not above 0"
        return super().wrong(name, values)


QSD = _Qsd()
