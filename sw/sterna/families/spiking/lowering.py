"""A spiking network becomes a program: one section of populations, one RUN a time step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sterna.families.spiking.integers import Connection, Population, SpikingNetwork
from sterna.law.neuron_parameters import NeuronParameters
from sterna.program.definition import CodeFormat, MatrixFormat, Parameters, Program
from sterna.program.instructions import INPUT, Section
from sterna.program.neurons import Neurons, Synapses, code_limit

SECTION = "step"
WORD_BITS = 18
"""Of the words of a program, of which these have none."""


class NetworkParameters(Parameters):
    """Weights, delays and neurons of a network; matrices are named as `matrix_name` says."""

    def __init__(self, network: SpikingNetwork) -> None:
        self._connections = {matrix_name(network, item): item for item in network.connections}
        self._populations = {item.name: item.parameters for item in network.populations}

    def planes(self, section: str, repetition: int, name: str) -> NDArray[np.int8]:
        """Trits [planes, targets, sources]."""
        return self._connections[name].planes

    def delays(self, section: str, repetition: int, name: str) -> NDArray[np.uint8]:
        """Delays [targets, sources]."""
        delays = self._connections[name].delays
        if delays is None:
            raise KeyError(name)
        return delays

    def neurons(self, section: str, repetition: int, name: str) -> NeuronParameters:
        """The numbers of a population."""
        return self._populations[name]


def matrix_name(network: SpikingNetwork, connection: Connection) -> str:
    """A name for the weights of a connection: its place, source and target."""
    place = next(index for index, item in enumerate(network.connections) if item is connection)
    return f"w{place}_{connection.source}_{connection.target}"


def lower(network: SpikingNetwork) -> Program:
    """The program of a network; its results are the outputs of the network's ``output``."""
    matrices = {
        (SECTION, matrix_name(network, item)): MatrixFormat(
            *item.planes.shape[1:], planes=len(item.planes), delay=item.depth - item.previous)
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
        vectors={}, matrices=matrices, tables={}, codes=codes, results=(network.output,),
        parameters=NetworkParameters(network),
    )


def _neurons(network: SpikingNetwork, population: Population) -> Neurons:
    name = population.name
    return Neurons(
        name=name, length=population.neurons, definition=population.definition,
        synapses=tuple(
            Synapses(codes=item.source, matrix=matrix_name(network, item), previous=item.previous)
            for item in network.into(name)),
        codes=name if network.is_source(name) else None,
        result=name,
    )
