"""A real network becomes integers: ternary planes, gains, thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import floor, gcd, log2

import numpy as np

from sterna.errors import InputError
from sterna.families.spiking.gains import with_common_shifts
from sterna.families.spiking.integers import (
    MOST_MEMBRANE_FRACTION,
    Connection,
    Population,
    SpikingNetwork,
)
from sterna.families.spiking.network import RealConnection, RealNetwork, RealPopulation, Reals
from sterna.families.spiking.scale import with_input_fraction
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.planes import plane_limit, reach, signed_bits, ternary_planes

_STATES = ("bias", "threshold", "reset", "leak", "floor", "increment")
FACTORS = ("factor", "current_factor", "adaptation_factor")
_FINEST = 24
"""Dyadic weights are looked for down to a unit of ``2**-_FINEST``."""
_COARSE = 1 / 64
"""Most that rounding may change a threshold by, of its value."""


@dataclass(frozen=True, kw_only=True)
class SpikingFormats:
    """How a network is quantised.

    ``planes`` ternary planes a weight (1: ternary, 5: about 8 bits), or other ones of all that
    leads to a population, ``planes_to``; ``fraction`` fraction bits of
    the membrane and all that shares its binary point, ``input_fraction`` those of real inputs.
    """

    planes: int = 5
    fraction: int = 16
    input_fraction: int = 0
    planes_to: Mapping[str, int] = field(default_factory=dict)

    def planes_into(self, population: str) -> int:
        """Of all that leads to a population."""
        return self.planes_to.get(population, self.planes)


def quantise(network: RealNetwork, formats: SpikingFormats | None = None) -> SpikingNetwork:
    """The integer network.

    The weights into a neuron, or into all neurons that a window shares them with, have one unit:
    the power of two that makes all of them whole if there is one (then nothing is lost), else the
    largest magnitude over the planes' limit. The unit goes into the neuron's gain, whose shift is
    that of others of its definition where it may. Raises `InputError` when a parameter does not
    fit its format.
    """
    formats = formats or SpikingFormats()
    populations, connections = [], []
    for population in network.populations:
        into = [item for item in network.connections if item.target == population.name]
        rows = gcd(population.neurons, *(item.window.outputs for item in into if item.window))
        joined = np.concatenate(
            [*(item.weights.reshape(rows, -1) for item in into), np.zeros((rows, 1))], axis=1)
        planes = formats.planes_into(population.name)
        unit = _units(joined, plane_limit(planes))
        made = [_connection(item, unit, planes) for item in into]
        connections += made
        bits = signed_bits(reach(*(item.magnitudes() for item in made)))
        unit = np.repeat(unit * joined.any(1), population.neurons // rows)
        try:
            fraction = formats.fraction if population.fraction is None else population.fraction
            populations.append(_population(population, unit, bits, fraction))
        except InputError as error:
            raise InputError(f"network {network.name}: population {population.name}: {error}"
                             ) from None
    made = with_input_fraction(SpikingNetwork(
        name=network.name, inputs=network.inputs, populations=tuple(populations),
        connections=tuple(connections), output=network.output, beside=network.beside,
    ), formats.input_fraction)
    return replace(made, populations=with_common_shifts(made.populations))


def _units(weights: Reals, limit: int) -> Reals:
    largest = np.abs(weights).max(1)
    unit = np.where(largest > 0, largest / limit, 1.0)
    for power in range(_FINEST, -1, -1):
        scaled = weights * 2.0**power
        exact = (scaled == np.rint(scaled)).all(1) & (np.abs(scaled).max(1) <= limit)
        unit = np.where(exact, 2.0**-power, unit)
    return unit


def _connection(item: RealConnection, unit: Reals, planes: int) -> Connection:
    weights = item.weights.reshape(len(unit), -1)
    whole = np.rint(weights / unit[:, None]).astype(np.int64).reshape(item.weights.shape)
    return Connection(
        source=item.source, target=item.target, planes=ternary_planes(whole, planes),
        previous=item.previous, delays=item.delays, window=item.window,
    )


def _population(item: RealPopulation, unit: Reals, sum_bits: int, fraction: int) -> Population:
    definition = item.definition
    gain = item.value("gain")
    gain = np.repeat(gain, item.neurons // gain.size) * unit * 2.0**fraction
    top = (1 << (definition.factor_bits - 1)) - 1
    largest = float(np.abs(gain).max())
    shift = floor(max(0, min(31, log2(top / largest)))) if largest > 0 else 0
    definition = replace(
        definition, gain_shift=shift, sum_bits=max(definition.sum_bits, sum_bits)
    )
    if largest > top:
        raise InputError(f"its weights with their gain (r, w_in) reach {largest / 2**fraction:.4g};"
                         f" {definition.factor_bits} bits with {fraction} fraction bits hold "
                         f"{top / 2**fraction:.4g}: give a lower --fraction, or scale its weights "
                         "and thresholds down")
    values = {"gain": np.rint(gain * 2.0**shift)}
    for name in _STATES:
        values[name] = np.rint(item.value(name) * 2.0**fraction)
        _check_room(name, item.value(name), fraction, definition.membrane_bits)
    _check_threshold(item, values["threshold"] * 2.0**-fraction, fraction)
    for name in FACTORS:
        _check_room(name, item.value(name), definition.factor_fraction, definition.factor_bits)
        values[name] = np.rint(item.value(name) * 2.0**definition.factor_fraction)
    parameters = NeuronParameters.of(**values)
    parameters.check(definition, item.neurons)
    return Population(
        name=item.name, neurons=item.neurons, definition=definition, parameters=parameters,
        fraction=fraction)


def _check_room(name: str, real: Reals, fraction: int, bits: int) -> None:
    most = ((1 << (bits - 1)) - 1) / 2**fraction
    if (largest := float(np.abs(real).max())) > most:
        way = "give a smaller one" if name in FACTORS else (
            "give a lower --fraction, or scale its weights and thresholds down")
        raise InputError(f"its {name} reaches {largest:.4g}; {bits} bits with {fraction} fraction "
                         f"bits hold {most:.4g}: {way}")


def _check_threshold(item: RealPopulation, found: Reals, fraction: int) -> None:
    """Raise `InputError` when rounding makes another threshold, such as 0, of a small one."""
    real = item.value("threshold")
    wrong = np.abs(found - real) > _COARSE * np.abs(real)
    if wrong.any():
        worst = int(np.flatnonzero(wrong)[np.abs(real[wrong]).argmin()])
        needed = int(np.ceil(np.log2(0.5 / _COARSE / abs(real[worst]))))
        way = f"give --fraction {needed}, or " if needed <= MOST_MEMBRANE_FRACTION else ""
        raise InputError(
            f"a threshold of {real[worst]:.4g} would become {found[worst]:.4g} with {fraction} "
            f"fraction bits; {way}scale its weights and thresholds up")
