"""NIR neurons as real populations, discretised by forward Euler.

``v + dt/tau ((leak - v) + r x)`` is written ``leak + (1 - dt/tau)(v - leak) + (r dt/tau) x``: the
same membrane, and the decay factor of a framework that works with one comes back exactly. For
CubaLIF the factors of current and membrane are both folded into the input's gain.

A neuron that spikes begins at rest, as in the frameworks, which start it at its leak target: its
membrane is counted from there, and so are threshold and reset value. LI begins at 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sterna.errors import InputError
from sterna.importers.nir_linear import Linear
from sterna.importers.nir_options import COMPARES, CURRENTS, RESETS, NirOptions
from sterna.models.spiking import RealPopulation, Reals
from sterna.program.neuron import Current, Decay, NeuronDefinition, Output, Reset

NEURONS = ("LIF", "CubaLIF", "LI", "I", "IF", "Threshold")
_GRID = 2.0**-16
"""Frameworks work in float32: a factor this close to a multiple of the grid is meant to be it."""
_CLOSE = 1e-6


def neuron_population(
    name: str, node: Any, linear: Linear, options: NirOptions
) -> RealPopulation:
    """The population of a neuron node; `linear` is what leads to it."""
    kind = type(node).__name__
    count, dt = linear.bias.size, options.dt

    def values(attribute: str) -> Reals:
        return _spread(name, attribute, getattr(node, attribute), linear)

    numbers: dict[str, Reals] = {}
    current, decay = Current.NONE, Decay.MULTIPLY
    gain = np.ones(count)
    if kind in ("LIF", "LI"):
        rate = _rate(name, dt, values("tau"))
        gain = values("r") * rate
        numbers["factor"] = _snap(1 - rate)
    elif kind == "CubaLIF":
        rate, synaptic = _rate(name, dt, values("tau_mem")), _rate(name, dt, values("tau_syn"))
        current = CURRENTS[options.current]
        gain = values("r") * rate * values("w_in")
        if current is not Current.JUMP:
            gain = gain * synaptic
        numbers |= {"factor": _snap(1 - rate), "current_factor": _snap(1 - synaptic)}
    elif kind in ("I", "IF"):
        decay, gain = Decay.NONE, values("r") * (options.integration or dt)
    spiking = kind not in ("LI", "I")
    reset = Reset.NO_RESET
    if kind == "LI":
        numbers["leak"] = values("v_leak")
    elif kind == "Threshold":
        numbers["threshold"] = values("threshold")
    elif spiking:
        reset = RESETS[options.reset]
        rest = values("v_leak") if kind != "IF" else np.zeros(count)
        numbers["threshold"] = values("v_threshold") - rest
        if reset is Reset.HARD and node.v_reset is not None:
            numbers["reset"] = values("v_reset") - rest
    gain = _snap(gain)
    numbers |= {"gain": gain, "bias": gain * linear.bias}
    definition = NeuronDefinition(
        current=current, decay=decay, strict=COMPARES[options.compare], reset=reset,
        output=Output.SPIKE if spiking else Output.MEMBRANE,
    )
    return RealPopulation(name=name, neurons=count, definition=definition, values=numbers)


def sum_population(name: str, bias: Reals) -> RealPopulation:
    """A read-out without memory: its membrane is the sum of its inputs."""
    definition = NeuronDefinition(
        decay=Decay.MULTIPLY, reset=Reset.NO_RESET, output=Output.MEMBRANE
    )
    return RealPopulation(
        name=name, neurons=bias.size, definition=definition, values={"bias": bias}
    )


def _rate(name: str, dt: float, tau: Reals) -> Reals:
    if not (tau >= dt * (1 - _CLOSE)).all():
        raise InputError(
            f"NIR node {name}: a time constant of {tau.min():g} s is below the step of {dt:g} s; "
            "choose a smaller --dt"
        )
    return np.minimum(dt / tau, 1.0)


def _spread(name: str, attribute: str, value: Any, linear: Linear) -> Reals:
    """One value a neuron from one, one a channel or one a neuron."""
    array, count = np.asarray(value, np.float64).reshape(-1), linear.bias.size
    if array.size not in (1, count, linear.shape[0]):
        raise InputError(
            f"NIR node {name}: {attribute} has {array.size} values for shape {list(linear.shape)}"
        )
    return np.repeat(array, count // array.size)


def _snap(values: Reals) -> Reals:
    near = np.rint(values / _GRID) * _GRID
    return np.where(np.abs(values - near) <= _CLOSE * np.abs(values), near, values)
