"""What populations give, in real numbers with their unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.families.spiking.integers import Population
from sterna.law.neuron import Output

SPIKES, MEMBRANE, INTEGERS = "spikes a step", "membrane", "integers"


@dataclass(frozen=True, repr=False)
class Signal:
    """Values [steps, neurons], or [steps, batch, neurons] of several inputs; an array, too.

    A value is ``integer / 2**fraction``. ``unit`` is that of the network's own definition: spikes a
    step, the membrane in which its thresholds are given, or integers where a model folder of an
    earlier version does not say what they stand for.
    """

    name: str
    integers: NDArray[np.integer]
    fraction: int
    unit: str

    @property
    def values(self) -> NDArray[np.float64]:
        """Real numbers."""
        return np.ldexp(self.integers.astype(np.float64), -self.fraction)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the values."""
        return self.integers.shape

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        del copy  # the values are made anew each time
        return self.values.astype(dtype or np.float64)

    def __len__(self) -> int:
        return len(self.integers)

    def __getitem__(self, place: Any) -> Any:
        return self.values[place]

    def to_dict(self) -> dict[str, object]:
        """The real numbers and their unit."""
        return {"unit": self.unit, "values": self.values.tolist()}

    def __str__(self) -> str:
        size = " x ".join(map(str, self.shape))
        if self.unit == SPIKES:
            return (f"{size}, {int(self.integers.sum())} spikes, "
                    f"{(self.integers != 0).mean():.2%} of the values")
        return f"{size}, {self.unit} of {self.values.min():.4g} to {self.values.max():.4g}"

    def __repr__(self) -> str:
        return f"Signal({self.name!r}: {self})"


def signal(population: Population, integers: NDArray[np.integer]) -> Signal:
    """What a population has given, whose definition says what it is."""
    if population.definition.output is Output.SPIKE:
        return Signal(population.name, integers, 0, SPIKES)
    if population.fraction is None:
        return Signal(population.name, integers, 0, INTEGERS)
    return Signal(population.name, integers, population.fraction, MEMBRANE)
