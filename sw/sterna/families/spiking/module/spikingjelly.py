"""Neurons of SpikingJelly (0.0.0.0.14 and 2.0) as real populations, flag for flag.

Their membrane begins at ``v_reset``, or at 0 with the soft reset (``v_reset`` None), and is counted
from there. Nothing of SpikingJelly is imported; a neuron is known by its class name.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sterna.errors import InputError
from sterna.families.spiking.network import RealConnection, RealPopulation, Reals
from sterna.law.neuron import Decay, NeuronDefinition, Reset

NEURONS = ("IFNode", "LIFNode", "ParametricLIFNode")


def population(
    key: str, child: Any, count: int, bias: Reals
) -> tuple[RealPopulation, RealConnection | None]:
    """The population of a neuron child. Raises `InputError` for other kinds."""
    kind = type(child).__name__
    if kind not in NEURONS:
        raise InputError(f"module {key}: {kind} is not one of {', '.join(NEURONS)}")
    rest = 0.0 if child.v_reset is None else float(child.v_reset)
    values = {"threshold": np.array([float(child.v_threshold) - rest]), "bias": bias}
    decay, scaled = Decay.NONE, False
    if kind != "IFNode":
        decay, scaled = Decay.EULER, bool(child.decay_input)
        rate = (child.w.sigmoid().double().item() if kind == "ParametricLIFNode"
                else 1 / float(child.tau))
        values["factor"] = np.array([rate])
    definition = NeuronDefinition(
        decay=decay, scale_drive=scaled, strict=False,
        reset=Reset.SOFT if child.v_reset is None else Reset.HARD)
    return RealPopulation(name=key, neurons=count, definition=definition, values=values), None
