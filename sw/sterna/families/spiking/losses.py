"""What integers cannot hold of a real spiking network's parameters."""

from __future__ import annotations

import numpy as np

from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.spiking.network import RealNetwork
from sterna.families.spiking.quantise import FACTORS

_LEAST = 1e-4
"""A factor below is as good as 0."""


def told_losses(real: RealNetwork, network: SpikingNetwork) -> list[str]:
    """What the integers cannot hold of the parameters, for people; [] when there is nothing.

    A factor that becomes exactly 1 is a neuron that forgets nothing any more.
    """
    lines = []
    for item in real.populations:
        made = network.population(item.name)
        for name in FACTORS:
            exact = item.value(name)
            found = getattr(made.parameters, name) * 2.0**-made.definition.factor_fraction
            ends = np.broadcast_to((found == 0) | (found == 1), exact.shape) & (exact != found)
            if ends.any() and (np.abs(exact) > _LEAST).all():
                worst = int(np.flatnonzero(ends)[0])
                lines.append(
                    f"{item.name}: {int(ends.sum())} of {exact.size} values of {name}, such as "
                    f"{exact[worst]:.9g}, become {found[worst % found.size]:g}")
    return lines
