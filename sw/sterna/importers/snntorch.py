"""snnTorch modules become real spiking networks, flag for flag.

Taken is a module whose children run one after the other (`torch.nn.Sequential`, or any module that
calls its children in their order): Linear, Flatten, Leaky, Synaptic, Alpha, RLeaky, RSynaptic.
Nothing of snnTorch is imported; a module is known by its class name.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sterna.errors import InputError
from sterna.models.spiking import RealConnection, RealNetwork, RealPopulation, Reals
from sterna.program.neuron import Current, Decay, NeuronDefinition, Reset
from sterna.program.spiking import INPUT

NEURONS = ("Leaky", "Synaptic", "Alpha", "RLeaky", "RSynaptic")


def from_snntorch(module: Any, name: str = "snntorch") -> RealNetwork:
    """The network of a module. Raises `InputError` naming the child that cannot be represented."""
    populations: list[RealPopulation] = []
    connections: list[RealConnection] = []
    weights: Reals | None = None
    bias, inputs, source = np.zeros(1), 0, INPUT
    for key, child in module.named_children():
        kind = type(child).__name__
        if kind == "Flatten":
            continue
        if kind == "Linear":
            matrix = _numbers(child.weight)
            offset = 0.0 if child.bias is None else _numbers(child.bias)
            bias = (0.0 if weights is None else matrix @ bias) + np.zeros(len(matrix)) + offset
            weights = matrix if weights is None else matrix @ weights
            inputs = inputs or matrix.shape[1]
            continue
        if kind not in NEURONS:
            raise InputError(f"module {key}: {kind} is not one of Linear, Flatten, "
                             f"{', '.join(NEURONS)}")
        if weights is None:
            raise InputError(f"module {key}: a Linear must stand before a population")
        count = weights.shape[0]
        populations.append(_population(key, kind, child, count, bias))
        connections.append(RealConnection(source=source, target=key, weights=weights))
        if kind.startswith("R"):
            connections.append(_recurrent(key, child, populations, count))
        source, weights, bias = key, None, np.zeros(1)
    if not populations or weights is not None:
        raise InputError(f"module {name}: it must end with a population of neurons")
    return RealNetwork(name=name, inputs=inputs, populations=tuple(populations),
                       connections=tuple(connections), output=source)


def _numbers(tensor: Any) -> Reals:
    return np.asarray(tensor.detach().cpu().numpy(), np.float64)


def _population(key: str, kind: str, child: Any, count: int, bias: Reals) -> RealPopulation:
    delayed = getattr(child, "reset_delay", True)
    if child.inhibition or child.state_quant or float(_numbers(child.graded_spikes_factor)) != 1:
        raise InputError(
            f"module {key}: inhibition, state_quant and graded spikes are not supported"
        )
    if not delayed and kind not in ("Leaky", "RLeaky"):
        raise InputError(f"module {key}: reset_delay=False is supported for Leaky and RLeaky")
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
    key: str, child: Any, populations: list[RealPopulation], count: int
) -> RealConnection:
    recurrent = child.recurrent
    if type(recurrent).__name__ == "Linear":
        weights = _numbers(recurrent.weight)
        if recurrent.bias is not None:
            last = populations[-1]
            values = dict(last.values) | {"bias": last.value("bias") + _numbers(recurrent.bias)}
            populations[-1] = RealPopulation(
                name=last.name, neurons=last.neurons, definition=last.definition, values=values
            )
    elif hasattr(recurrent, "V"):
        weights = np.diag(np.broadcast_to(_numbers(recurrent.V), (count,)))
    else:
        raise InputError(f"module {key}: only linear and one-to-one recurrence is supported")
    return RealConnection(source=key, target=key, weights=weights, previous=True)
