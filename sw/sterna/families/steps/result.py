"""What a run of time steps gave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sterna.shown import Shown


@dataclass(frozen=True, repr=False)
class RunSteppedResult(Shown):
    """Outputs [steps, batch, neurons] of populations: of all on the golden, else of those that
    leave, and what was probed of their states."""

    model: str
    steps: int
    batch: int
    outputs: dict[str, NDArray[np.int64]]
    spikes: dict[str, bool | None]
    """Whether a population gives spikes, of each; None for what is no output."""

    def to_dict(self) -> dict[str, object]:
        return {
            "model": self.model, "steps": self.steps, "batch": self.batch,
            "outputs": {name: values.tolist() for name, values in self.outputs.items()},
        }

    def text(self) -> list[str | tuple[str, object]]:
        return [("steps", f"{self.steps} x {self.batch}"),
                *((name, _told(values, self.spikes[name]))
                  for name, values in self.outputs.items())]


def _told(values: NDArray[np.int64], spikes: bool | None) -> str:
    if spikes is None:
        return f"{values.min()} to {values.max()}"
    if spikes:
        return f"{int(values.sum())} spikes, {values.mean():.2%} of {values.size}"
    best = values.sum(0).argmax(1)
    return f"largest sum at {', '.join(str(int(index)) for index in best[:16])}"
