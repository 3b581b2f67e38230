"""Outputs of spiking networks for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def spikes_or_sums(values: NDArray[np.int64], spikes: bool) -> str:
    """What a population's outputs [steps, batch, neurons] were."""
    if spikes:
        return f"{int(values.sum())} spikes, {values.mean():.2%} of {values.size}"
    best = values.sum(0).argmax(1)
    return f"largest sum at {', '.join(str(int(index)) for index in best[:16])}"
