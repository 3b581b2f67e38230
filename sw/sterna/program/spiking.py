"""A spiking network as a program: populations and connections, executed once a time step.

A time step is to a spiking network what a token is to a language model: one RUN. Values between
populations are **codes**, integers in -127 .. 127 (spikes are 0 and 1), which is what the ternary
engine takes. A step executes the populations in the order listed. For each population:

1. **Codes** of each connection into it: those of its source (the network's input or a population)
   in this step, or with ``previous`` those of the step before (recurrence). With ``delays`` synapse
   [o, k] takes them ``delays[o, k]`` steps earlier still. Before the first step codes are 0.
2. **Accumulate**, exact: ``x[o] = sum over connections and k of W[o, k] * code[k]``. ``W`` is given
   as ternary planes, most significant first: ``W = 3 * W + plane`` (Horner). On hardware a plane is
   one MATMUL of the ternary engine, and the accumulator is tripled between planes; a delayed
   connection is one MATMUL for each delay that occurs, with the trits of the other synapses 0, or
   an engine beside that reads one tap of the delay line a synapse. All give the same integers, in
   any order, and so does skipping zero codes.
3. **Neurons**: one step of `sterna.law.neuron` on ``x``; its output, as codes, is the
   population's. State stays in memory; all neurons of a population are independent of each other.

The network's outputs of the step are those of ``output``, before they become codes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sterna.errors import InputError
from sterna.law.neuron import NeuronDefinition
from sterna.law.neuron_parameters import NeuronParameters

INPUT = "input"
"""Name of the network's input as a source."""
MAX_DELAY = 255
MAX_PLANES = 24
LEAST_FRACTION, MOST_FRACTION = -8, 16
"""Of inputs; negative ones are for values above 127: fraction -1 counts in twos."""
CODE_LIMIT = 127


@dataclass(frozen=True, kw_only=True)
class Population:
    """Neurons of one definition."""

    name: str
    neurons: int
    definition: NeuronDefinition
    parameters: NeuronParameters = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Weights from a source to a population.

    ``planes`` is int8 [planes, targets, sources] of trits; ``delays`` uint8 [targets, sources].
    Raises `InputError` for other types, values and numbers of planes.
    """

    source: str
    target: str
    planes: NDArray[np.int8] = field(repr=False)
    previous: bool = False
    delays: NDArray[np.uint8] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        text = f"connection {self.source} to {self.target}"
        planes, delays = self.planes, self.delays
        if planes.dtype != np.int8 or planes.ndim != 3 or not 1 <= len(planes) <= MAX_PLANES:
            raise InputError(f"{text}: weights are {planes.dtype} {list(planes.shape)}; they must "
                             f"be int8 [planes, targets, sources], of 1 to {MAX_PLANES} planes")
        if planes.size and (planes.min() < -1 or planes.max() > 1):
            raise InputError(f"{text}: planes must be of -1, 0 and 1")
        if delays is not None and delays.dtype != np.uint8:
            raise InputError(f"{text}: delays are {delays.dtype}; they must be uint8")

    def weights(self) -> NDArray[np.int64]:
        """The integers [targets, sources] that the planes stand for."""
        result = np.zeros(self.planes.shape[1:], np.int64)
        for plane in self.planes:
            result = 3 * result + plane
        return result

    @property
    def depth(self) -> int:
        """How many past steps of codes must be kept, the present one not counted."""
        longest = 0 if self.delays is None or not self.delays.size else int(self.delays.max())
        return longest + self.previous


def whole_codes(codes: ArrayLike) -> NDArray[np.int64]:
    """Codes as int64. Raises `InputError` for what is no whole number of at most `CODE_LIMIT`."""
    values = np.asarray(codes)
    if values.dtype.kind not in "biuf" or not (values == np.rint(values)).all():
        raise InputError("input codes must be whole numbers; sterna.families.spiking.codes turns "
                         "real inputs into codes")
    if values.size and not -CODE_LIMIT <= values.min() <= values.max() <= CODE_LIMIT:
        raise InputError(f"input codes of {values.min()} to {values.max()} exceed {CODE_LIMIT}")
    return values.astype(np.int64)


def ternary_planes(weights: NDArray[np.int64], planes: int) -> NDArray[np.int8]:
    """Balanced ternary digits, most significant first: [planes, ...].

    Raises `InputError` when a weight needs more planes.
    """
    limit = (3**planes - 1) // 2
    if weights.size and int(np.abs(weights).max()) > limit:
        raise InputError(f"weights exceed {limit}, the limit of {planes} ternary planes")
    rest, digits = weights.astype(np.int64), []
    for _ in range(planes):
        digit = (rest + 1) % 3 - 1
        digits.append(digit.astype(np.int8))
        rest = (rest - digit) // 3
    return np.stack(digits[::-1])


@dataclass(frozen=True, kw_only=True)
class SpikingNetwork:
    """A whole network. ``input_fraction``: a real input is ``code / 2**input_fraction``.

    Raises `InputError` naming the population or connection that does not fit.
    """

    name: str
    inputs: int
    populations: tuple[Population, ...]
    connections: tuple[Connection, ...]
    output: str
    input_fraction: int = 0

    def __post_init__(self) -> None:
        whole = {"inputs": (self.inputs, 1, None),
                 "input_fraction": (self.input_fraction, LEAST_FRACTION, MOST_FRACTION)}
        whole |= {f"neurons of {item.name}": (item.neurons, 1, None) for item in self.populations}
        for name, (value, low, high) in whole.items():
            if type(value) is not int or value < low or (high is not None and value > high):
                most = "" if high is None else f" to {high}"
                raise InputError(f"network {self.name}: {name} is {value!r}; it must be a whole "
                                 f"number, {low}{most or ' or more'}")
        sizes, order = {INPUT: self.inputs}, {INPUT: -1}
        for index, population in enumerate(self.populations):
            if population.name in sizes:
                raise InputError(f"network {self.name}: two populations {population.name}")
            population.parameters.check(population.definition, population.neurons)
            sizes[population.name], order[population.name] = population.neurons, index
        if self.output not in sizes or self.output == INPUT:
            raise InputError(f"network {self.name}: no population {self.output} to give out")
        sums = dict.fromkeys(sizes, 0)
        for connection in self.connections:
            text = f"network {self.name}: connection {connection.source} to {connection.target}"
            if connection.source not in sizes or connection.target not in sizes:
                raise InputError(f"{text}: no such population")
            shape = (sizes[connection.target], sizes[connection.source])
            if connection.planes.shape[1:] != shape:
                raise InputError(f"{text}: weights {connection.planes.shape[1:]}, not {shape}")
            if connection.delays is not None and connection.delays.shape != shape:
                raise InputError(f"{text}: delays {connection.delays.shape}, not {shape}")
            late = order[connection.source] >= order[connection.target]
            if late and not connection.previous:
                raise InputError(
                    f"{text}: goes backwards; it must take the step before (previous)"
                )
            rows = np.abs(connection.weights()).sum(1)
            sums[connection.target] += CODE_LIMIT * int(rows.max(initial=0))
        for population in self.populations:
            bits = population.definition.sum_bits
            if sums[population.name] >= 1 << (bits - 1):
                raise InputError(
                    f"network {self.name}: sums into {population.name} may reach "
                    f"{sums[population.name]}, more than {bits} bits hold; set sum_bits"
                )

    def population(self, name: str) -> Population:
        """The population of that name; raises KeyError."""
        return {population.name: population for population in self.populations}[name]

    def into(self, name: str) -> tuple[Connection, ...]:
        """The connections into a population, in order."""
        return tuple(item for item in self.connections if item.target == name)

    def depth(self, source: str) -> int:
        """Past steps of a source's codes that some connection needs."""
        return max((item.depth for item in self.connections if item.source == source), default=0)
