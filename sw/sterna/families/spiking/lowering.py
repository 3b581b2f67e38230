"""A spiking network becomes a program: one section of populations, one RUN a time step.

Populations that windows lead to keep the channels of a position side by side, as accumulators do;
what the network gives out and the input stay as they are. What is connected follows.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.spiking.integers import Connection, Population, SpikingNetwork
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.window import channels_last
from sterna.program.definition import CodeFormat, MatrixFormat, Parameters, Program
from sterna.program.instructions import INPUT, Section
from sterna.program.neurons import Neurons, Products, Synapses, code_limit

SECTION = "step"
WORD_BITS = 18
"""Of the words of a program, of which these have none."""
Order = NDArray[np.int64]


def orders(network: SpikingNetwork) -> dict[str, Order]:
    """Of the populations that stand in another order than the network's, which neuron is where.

    Those of products are among them, whatever leads to them. Raises `InputError` where they cannot.
    """
    found, multiplied = {}, {name for item in network.products
                             for name in (item.source, item.weights, item.target)}
    given_out = (network.output, *network.beside)
    for population in network.populations:
        made = {(item.window.outputs, prod(item.window.made))
                for item in network.into(population.name) if item.window}
        seen = {(item.window.channels, item.window.height * item.window.width)
                for item in network.connections if item.source == population.name and item.window}
        shapes = made | seen
        if population.name in multiplied:
            if len(shapes) > 1 or shapes and population.name in given_out:
                raise InputError(f"network {network.name}: {population.name} of a product is read "
                                 "as maps of two shapes, or given out")
        elif population.name in given_out or not made or len(shapes) != 1:
            continue
        for channels, positions in shapes:
            if channels > 1 and positions > 1:
                found[population.name] = channels_last(channels, positions)
    return found


class NetworkParameters(Parameters):
    """Weights, delays and neurons of a network; matrices are named as `matrix_name` says."""

    def __init__(self, network: SpikingNetwork) -> None:
        self._connections = {matrix_name(network, item): item for item in network.connections}
        self._populations = {item.name: item for item in network.populations}
        self._orders = orders(network)

    def planes(self, section: str, repetition: int, name: str) -> NDArray[np.int8]:
        """Trits [planes, targets, sources], or those of a window."""
        connection = self._connections[name]
        if connection.window is not None:
            return connection.planes
        return self._ordered(connection, connection.planes)

    def delays(self, section: str, repetition: int, name: str) -> NDArray[np.uint8]:
        """Delays [targets, sources]."""
        connection = self._connections[name]
        if connection.delays is None:
            raise KeyError(name)
        return self._ordered(connection, connection.delays)

    def neurons(self, section: str, repetition: int, name: str) -> NeuronParameters:
        """The numbers of a population."""
        population = self._populations[name]
        order, given = self._orders.get(name), population.parameters
        if order is None:
            return given
        return NeuronParameters(**{
            key: values if values.size == 1
            else np.repeat(values, population.neurons // values.size)[order]
            for key, values in given.items()})

    def _ordered(self, connection: Connection, values: NDArray) -> NDArray:
        """Values [..., targets, sources] in the order of the program."""
        target = self._orders.get(connection.target)
        source = self._orders.get(connection.source)
        values = values if target is None else values[..., target, :]
        return values if source is None else values[..., source]


def matrix_name(network: SpikingNetwork, connection: Connection) -> str:
    """A name for the weights of a connection: its place, source and target."""
    place = next(index for index, item in enumerate(network.connections) if item is connection)
    return f"w{place}_{connection.source}_{connection.target}"


def lower(network: SpikingNetwork) -> Program:
    """The program of a network; its results are the outputs of the network's ``output``, and of
    those ``beside`` it."""
    moved = orders(network)
    matrices = {(SECTION, matrix_name(network, item)): _format(item, moved)
                for item in network.connections}
    codes = {INPUT: CodeFormat(
        length=network.inputs, fraction=network.input_fraction, lifetime="carried",
        history=network.depth(INPUT))}
    for item in network.populations:
        if network.is_source(item.name):
            depth = network.depth(item.name)
            codes[item.name] = CodeFormat(
                length=item.neurons, limit=code_limit(item.definition), history=depth,
                lifetime="state" if depth else "local")
    return Program(
        name=network.name, word_bits=WORD_BITS, input_length=network.inputs, rows=0,
        sections=(Section(
            name=SECTION, items=tuple(_neurons(network, item) for item in network.populations)),),
        vectors={}, matrices=matrices, tables={}, codes=codes,
        results=(network.output, *network.beside), parameters=NetworkParameters(network),
    )


def _format(item: Connection, moved: dict[str, Order]) -> MatrixFormat:
    window = item.window
    if window is not None:
        window = replace(window, source_last=item.source in moved, target_last=item.target in moved)
    return MatrixFormat(
        *item.shape, planes=len(item.planes), delay=item.depth - item.previous, window=window)


def _neurons(network: SpikingNetwork, population: Population) -> Neurons:
    name = population.name
    return Neurons(
        name=name, length=population.neurons, definition=population.definition,
        synapses=tuple(
            Synapses(codes=item.source, matrix=matrix_name(network, item), previous=item.previous)
            for item in network.into(name)),
        codes=name if network.is_source(name) else None,
        result=name,
        products=tuple(
            Products(codes=item.source, weights=item.weights, product=item.product)
            for item in network.products if item.target == name),
        weights=name if network.is_weights(name) else None,
    )
