"""Multipliers of a machine as synthesis maps them: those of its units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sterna_boards.estimate.pipelines import neuron_multipliers


def dsps(family: str, machine: Any) -> int:
    """All of them."""
    return sum(dsps_by_unit(family, machine).values())


def dsps_by_unit(family: str, machine: Any) -> dict[str, int]:
    """Those of the units that take some; units of other packages say how many."""
    found = {unit.name: _MULTIPLIERS[unit.name](family, machine) if unit.name in _MULTIPLIERS
             else unit.multipliers(machine) for unit in machine.units}
    return {unit: count for unit, count in found.items() if count}


def _vector(family: str, machine: Any) -> int:
    """Two in each lane, of every data path.

    The DSPs of an iCE40 are 16 bits wide: longer words take three for each product. Of shorter ones
    yosys gives all sums of squares one, as counted with one and two lanes.
    """
    lanes = machine.vector.lanes
    if family != "ice40":
        return machine.paths * 2 * lanes
    return machine.paths * (lanes + 1 if machine.vector.word_bits <= 16 else 6 * lanes)


def _scalar(family: str, machine: Any) -> int:
    del family
    return machine.paths


def _none(family: str, machine: Any) -> int:
    del family, machine
    return 0


def _neuron(family: str, machine: Any) -> int:
    del family
    return neuron_multipliers(machine)


def _matrix(family: str, machine: Any) -> int:
    """Those of lanes; on iCE40 as of the vector unit."""
    each = 3 if family == "ice40" and machine.vector.word_bits > 16 else 1
    return each * machine.matrix.multipliers(machine)


def _generate(family: str, machine: Any) -> int:
    """The sampler's: of two unsigned numbers of 18 bits, which one of Xilinx' takes as signed."""
    del machine
    return 2 if family.startswith("xc") else 1


_MULTIPLIERS: dict[str, Callable[[str, Any], int]] = {
    "vector": _vector, "scalar": _scalar, "neuron": _neuron, "matrix": _matrix, "ternary": _none,
    "loops": _none, "head": _none, "synapse": _none, "generate": _generate,
}
