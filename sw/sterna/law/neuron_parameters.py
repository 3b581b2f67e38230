"""The numbers of a population: one for the layer, one a channel, or one a neuron."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sterna.errors import InputError
from sterna.law.neuron import NeuronDefinition

FACTORS = ("gain", "factor", "current_factor", "adaptation_factor")
"""Parameters of ``factor_bits``; the others are as wide as the membrane."""


def _array(value: int) -> NDArray[np.int64]:
    return np.array([value], np.int64)


@dataclass(frozen=True, kw_only=True)
class NeuronParameters:
    """Integer parameters, each of shape [1], [channels] or [neurons].

    With [channels], neuron ``j`` of ``n`` takes entry ``j // (n // channels)``. All are signed.
    """

    gain: NDArray[np.int64] = field(default_factory=lambda: _array(1))
    bias: NDArray[np.int64] = field(default_factory=lambda: _array(0))
    factor: NDArray[np.int64] = field(default_factory=lambda: _array(0))
    current_factor: NDArray[np.int64] = field(default_factory=lambda: _array(0))
    adaptation_factor: NDArray[np.int64] = field(default_factory=lambda: _array(0))
    threshold: NDArray[np.int64] = field(default_factory=lambda: _array(1))
    reset: NDArray[np.int64] = field(default_factory=lambda: _array(0))
    leak: NDArray[np.int64] = field(default_factory=lambda: _array(0))
    floor: NDArray[np.int64] = field(default_factory=lambda: _array(0))
    increment: NDArray[np.int64] = field(default_factory=lambda: _array(0))

    @staticmethod
    def of(**values: ArrayLike) -> NeuronParameters:
        """Parameters from numbers or sequences."""
        return NeuronParameters(**{
            name: np.atleast_1d(np.asarray(value, np.int64)) for name, value in values.items()
        })

    def check(self, definition: NeuronDefinition, neurons: int) -> None:
        """Raises `InputError` naming the parameter that has a wrong shape or does not fit."""
        for name, values in self.items():
            if values.dtype != np.int64:
                raise InputError(f"neuron parameter {name} is {values.dtype}; it must be int64")
            if values.ndim != 1 or values.size == 0 or neurons % values.size:
                raise InputError(
                    f"neuron parameter {name} has shape {list(values.shape)}; give one value, or "
                    f"as many as divide the {neurons} neurons"
                )
            bits = definition.factor_bits if name in FACTORS else definition.membrane_bits
            limit = (1 << (bits - 1)) - 1
            worst = max(-int(values.min()), int(values.max()))
            if worst > limit:
                raise InputError(
                    f"neuron parameter {name} has magnitude {worst}; {bits} bits hold {limit}: "
                    "use wider formats or a smaller scale"
                )

    def items(self) -> list[tuple[str, NDArray[np.int64]]]:
        """Names and arrays in a fixed order."""
        return [(item.name, getattr(self, item.name)) for item in fields(self)]

    def expanded(self, neurons: int) -> NeuronParameters:
        """The same with one value for each of `neurons`."""
        return NeuronParameters(**{
            name: np.repeat(values, neurons // values.size) for name, values in self.items()
        })


def neutral_parameters() -> dict[str, int]:
    """What each is where it is not given."""
    return {name: int(values[0]) for name, values in NeuronParameters().items()}
