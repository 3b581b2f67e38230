"""A spiking network in integers: the family's model, which `lowering` makes a program of.

A time step is one RUN. Populations are executed in the order listed, each as an operation of
`sterna.program.neurons`: **codes**, integers of at most 127 in magnitude (spikes are 0 and 1), come
from the network's input or a population, in this step or, with ``previous``, in the step before,
and where there are ``delays``, so many steps earlier still. The network's outputs of the step are
those of ``output``, before they become codes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.law.codes import LEAST_FRACTION, MOST_FRACTION
from sterna.law.neuron import NeuronDefinition
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.planes import MAX_PLANES, reach, signed_bits, whole_weights
from sterna.law.product import Product
from sterna.law.window import Window
from sterna.program.instructions import INPUT
from sterna.program.neurons import code_limit, weight_bits

MOST_MEMBRANE_FRACTION = 24
"""Fraction bits that membranes can be given."""


@dataclass(frozen=True, kw_only=True)
class Population:
    """Neurons of one definition. ``fraction``: a membrane is ``integer / 2**fraction``, None where
    that was not kept."""

    name: str
    neurons: int
    definition: NeuronDefinition
    parameters: NeuronParameters = field(repr=False)
    fraction: int | None = None


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Weights from a source to a population.

    ``planes`` is int8 [planes, targets, sources] of trits; ``delays`` uint8 [targets, sources].
    With a ``window`` (`sterna.law.window`), elements channel by channel, planes are those of its
    weights, each there once, and there are no delays. Raises `InputError` for other types, values
    and numbers of planes.
    """

    source: str
    target: str
    planes: NDArray[np.int8] = field(repr=False)
    previous: bool = False
    delays: NDArray[np.uint8] | None = field(default=None, repr=False)
    window: Window | None = None

    def __post_init__(self) -> None:
        text = f"connection {self.source} to {self.target}"
        planes, delays, window = self.planes, self.delays, self.window
        axes = 3 if window is None else 5
        if planes.dtype != np.int8 or planes.ndim != axes or not 1 <= len(planes) <= MAX_PLANES:
            what = "targets, sources" if window is None else "outputs, channels, rows, columns"
            raise InputError(f"{text}: weights are {planes.dtype} {list(planes.shape)}; they must "
                             f"be int8 [planes, {what}], of 1 to {MAX_PLANES} planes")
        if window is not None and (planes.shape[1:] != window.shape or delays is not None
                                   or window.source_last or window.target_last):
            raise InputError(f"{text}: weights {list(planes.shape[1:])}, those of its window are "
                             f"{list(window.shape)}, channel by channel and without delays")
        if planes.size and (planes.min() < -1 or planes.max() > 1):
            raise InputError(f"{text}: planes must be of -1, 0 and 1")
        if delays is not None and delays.dtype != np.uint8:
            raise InputError(f"{text}: delays are {delays.dtype}; they must be uint8")

    def weights(self) -> NDArray[np.int64]:
        """The integers [targets, sources] that the planes stand for, or those of a window."""
        return whole_weights(self.planes)

    def magnitudes(self) -> NDArray[np.int64]:
        """A row for each target; the sum of its magnitudes is what codes of 1 can make of it."""
        return self.weights() if self.window is None else self.window.magnitudes(self.weights())

    @property
    def shape(self) -> tuple[int, ...]:
        """Targets and sources."""
        if self.window is None:
            return self.planes.shape[1:]
        return self.window.targets, self.window.sources

    @property
    def depth(self) -> int:
        """How many past steps of codes must be kept, the present one not counted."""
        longest = 0 if self.delays is None or not self.delays.size else int(self.delays.max())
        return longest + self.previous


@dataclass(frozen=True, kw_only=True)
class Multiplied:
    """Codes of ``source`` times outputs of ``weights``, added to ``target``, all of this step.

    Populations that convolutions lead to, or from, have the channels of a position side by side
    here (`sterna.law.product`).
    """

    source: str
    weights: str
    target: str
    product: Product


@dataclass(frozen=True, kw_only=True)
class SpikingNetwork:
    """A whole network. ``input_fraction``: a real input is ``code / 2**input_fraction``; ``beside``
    are other populations whose outputs are given out.

    Raises `InputError` naming the population or connection that does not fit.
    """

    name: str
    inputs: int
    populations: tuple[Population, ...]
    connections: tuple[Connection, ...]
    output: str
    input_fraction: int = 0
    beside: tuple[str, ...] = ()
    products: tuple[Multiplied, ...] = ()

    def __post_init__(self) -> None:
        whole = {"inputs": (self.inputs, 1, None),
                 "input_fraction": (self.input_fraction, LEAST_FRACTION, MOST_FRACTION)}
        whole |= {f"neurons of {item.name}": (item.neurons, 1, None) for item in self.populations}
        whole |= {f"fraction of {item.name}": (item.fraction, 0, MOST_MEMBRANE_FRACTION)
                  for item in self.populations if item.fraction is not None}
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
        if (not set(self.beside) <= sizes.keys() - {INPUT, self.output}
                or len(set(self.beside)) < len(self.beside)):
            raise InputError(f"network {self.name}: {', '.join(self.beside)} are not other "
                             "populations to give out")
        for connection in self.connections:
            text = f"network {self.name}: connection {connection.source} to {connection.target}"
            if connection.source not in sizes or connection.target not in sizes:
                raise InputError(f"{text}: no such population")
            shape = (sizes[connection.target], sizes[connection.source])
            if connection.shape != shape:
                raise InputError(f"{text}: weights {connection.shape}, not {shape}")
            if connection.delays is not None and connection.delays.shape != shape:
                raise InputError(f"{text}: delays {connection.delays.shape}, not {shape}")
            late = order[connection.source] >= order[connection.target]
            if late and not connection.previous:
                raise InputError(
                    f"{text}: goes backwards; it must take the step before (previous)"
                )
        for item in self.products:
            self._check_product(item, sizes, order)
        for population in self.populations:
            bits, most = population.definition.sum_bits, self.reach(population.name)
            if signed_bits(most) > bits:
                raise InputError(
                    f"network {self.name}: sums into {population.name} may reach {most}, more than "
                    f"{bits} bits hold; set sum_bits"
                )

    def _check_product(self, item: Multiplied, sizes: dict[str, int], order: dict[str, int]
                       ) -> None:
        text = f"network {self.name}: product of {item.source} and {item.weights} to {item.target}"
        product = item.product
        for name, wanted in ((item.source, product.sources), (item.weights, product.weights),
                             (item.target, product.targets)):
            if name not in sizes or name == INPUT:
                raise InputError(f"{text}: no such population")
            if sizes[name] != wanted:
                raise InputError(f"{text}: {name} has {sizes[name]} neurons, not {wanted}")
        if max(order[item.source], order[item.weights]) >= order[item.target]:
            raise InputError(f"{text}: goes backwards; both must come before it")

    def population(self, name: str) -> Population:
        """The population of that name; raises KeyError."""
        return {population.name: population for population in self.populations}[name]

    def into(self, name: str) -> tuple[Connection, ...]:
        """The connections into a population, in order."""
        return tuple(item for item in self.connections if item.target == name)

    def is_source(self, name: str) -> bool:
        """Whether any connection or product takes the codes of a population or the input."""
        return any(item.source == name for item in (*self.connections, *self.products))

    def is_weights(self, name: str) -> bool:
        """Whether outputs of a population are the weights of a product."""
        return any(item.weights == name for item in self.products)

    def reach(self, name: str) -> int:
        """Largest magnitude of a sum into a population."""
        products = (
            item.product.most * code_limit(self.population(item.source).definition)
            * ((1 << weight_bits(self.population(item.weights).definition) - 1) - 1)
            for item in self.products if item.target == name)
        return reach(*(item.magnitudes() for item in self.into(name))) + sum(products)

    def depth(self, source: str) -> int:
        """Past steps of a source's codes that some connection needs."""
        return max((item.depth for item in self.connections if item.source == source), default=0)
