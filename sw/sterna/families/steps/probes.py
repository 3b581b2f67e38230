"""What a run shows beside the output of a network: what populations give, and states they keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.spiking.lowering import SECTION, orders
from sterna.suggest import did_you_mean

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Probed:
    """A network with the populations beside its output, and of ``states``, by the names that were
    given, population and state word."""

    network: SpikingNetwork
    states: Mapping[str, tuple[str, str]]

    @property
    def kept(self) -> dict[str, str]:
        """The states by their names in a snapshot."""
        return {text: f"{SECTION}[0].{name}.{state}"
                for text, (name, state) in self.states.items()}

    @property
    def neurons(self) -> int:
        """Of the states."""
        return sum(self.network.population(name).neurons for name, _ in self.states.values())

    def ordered(self, values: Mapping[str, Integers]) -> dict[str, Integers]:
        """Values [..., neurons] of a machine, of which states are in the order of its program."""
        moved, found = orders(self.network), dict(values)
        for text, (name, _) in self.states.items():
            if text in found and name in moved:
                found[text] = found[text][..., np.argsort(moved[name])]
        return found


def probed(network: SpikingNetwork, probes: Sequence[str] | None) -> Probed:
    """The network that shows its ``probes``: ``population``, or ``population.state``.

    Raises `InputError` for one that it does not have.
    """
    names = [item.name for item in network.populations]
    beside, states = list(network.beside), {}
    for text in probes or ():
        if text in names:
            if text not in (network.output, *beside):
                beside.append(text)
            continue
        name, _, state = text.rpartition(".")
        if name not in names:
            raise InputError(f"probe {text!r}: no such population{did_you_mean(text, names)}; "
                             f"there are {', '.join(names)}, and their states, such as "
                             f"{names[0]}.v")
        there = network.population(name).definition.states
        if state not in there:
            raise InputError(f"probe {text!r}: {name} keeps {', '.join(there)}")
        states[text] = name, state
    return Probed(replace(network, beside=tuple(beside)), states)
