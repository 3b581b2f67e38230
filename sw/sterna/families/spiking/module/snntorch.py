"""Neurons of snnTorch as real populations, flag for flag.

Nothing of snnTorch is imported; a neuron is known by its class name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from sterna.errors import InputError
from sterna.families.spiking.network import RealConnection, RealNetwork, RealPopulation, Reals
from sterna.law.neuron import Current, Decay, NeuronDefinition, Reset

NEURONS = ("Leaky", "Synaptic", "Alpha", "RLeaky", "RSynaptic")


def from_snntorch(
    module: Any, name: str = "snntorch", shape: tuple[int, ...] | None = None
) -> RealNetwork:
    """The network of a module, after it fired as the module: `from_module`."""
    from sterna.families.spiking.module.network import from_module

    return from_module(module, name, shape)[0]


def population(
    key: str, child: Any, count: int, bias: Reals
) -> tuple[RealPopulation, RealConnection | None]:
    """The population of a neuron child, and its recurrence.

    `bias` [neurons] is that of what leads to it. Raises `InputError` naming what it has that cannot
    be represented.
    """
    kind = type(child).__name__
    made = _population(key, kind, child, count, bias)
    return _recurrent(key, child, made) if kind.startswith("R") else (made, None)


def _numbers(tensor: Any) -> Reals:
    return np.asarray(tensor.detach().cpu().numpy(), np.float64)


def _population(key: str, kind: str, child: Any, count: int, bias: Reals) -> RealPopulation:
    delayed = getattr(child, "reset_delay", True)
    if child.inhibition or child.state_quant or float(_numbers(child.graded_spikes_factor)) != 1:
        raise InputError(
            f"module {key}: inhibition, state_quant and graded spikes are not supported"
        )
    if not delayed and kind not in ("Leaky", "RLeaky", "Synaptic"):
        # RSynaptic of snnTorch 1.0.0 raises TypeError in its first step.
        raise InputError(f"module {key}: reset_delay=False is supported for Leaky, RLeaky and "
                         "Synaptic")
    resets = {
        "none": Reset.NO_RESET,
        "subtract": Reset.SOFT_LATE if delayed else Reset.SOFT_ONCE,
        "zero": (Reset.ZERO_LATE if kind == "Leaky" else Reset.CLEAR_LATE)
        if delayed else Reset.HARD,
    }
    beta = np.clip(_numbers(child.beta).reshape(-1), 0, 1)
    values = {"factor": beta, "threshold": _numbers(child.threshold).reshape(-1), "bias": bias}
    current = Current.NONE
    if kind != "Leaky" and kind != "RLeaky":
        current = Current.ALPHA if kind == "Alpha" else Current.NEW
        alpha = np.clip(_numbers(child.alpha).reshape(-1), 0, 1)
        values["current_factor"] = alpha
        if kind == "Alpha":
            values["adaptation_factor"] = beta
            values["factor"] = np.log(alpha) / (np.log(beta) - np.log(alpha)) + 1
    definition = NeuronDefinition(
        current=current, decay=Decay.MULTIPLY, reset=resets[child.reset_mechanism], strict=True
    )
    return RealPopulation(name=key, neurons=count, definition=definition, values=values)


def _recurrent(
    key: str, child: Any, made: RealPopulation
) -> tuple[RealPopulation, RealConnection]:
    recurrent = child.recurrent
    if type(recurrent).__name__ == "Linear":
        weights = _numbers(recurrent.weight)
        if recurrent.bias is not None:
            values = dict(made.values) | {"bias": made.value("bias") + _numbers(recurrent.bias)}
            made = replace(made, values=values)
    elif hasattr(recurrent, "V"):
        weights = np.diag(np.broadcast_to(_numbers(recurrent.V), (made.neurons,)))
    else:
        raise InputError(f"module {key}: only linear and one-to-one recurrence is supported")
    return made, RealConnection(source=key, target=key, weights=weights, previous=True)
