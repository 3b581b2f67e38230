"""NIR graphs become real spiking networks."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from sterna.errors import InputError
from sterna.families.spiking.linear import Linear, joined
from sterna.families.spiking.network import RealConnection, RealNetwork, RealPopulation
from sterna.families.spiking.nir.chains import Integrator, as_current
from sterna.families.spiking.nir.linear import apply
from sterna.families.spiking.nir.marks import Facts
from sterna.families.spiking.nir.neurons import NEURONS, READ_OUTS, neuron_population
from sterna.families.spiking.nir.opened import Edges, check_reached, open_graph
from sterna.families.spiking.nir.options import NirChoices, NirReading, choose
from sterna.families.spiking.nir.rewrite import join_recurrence, join_thresholds
from sterna.families.spiking.stateless import sum_population
from sterna.families.spiking.windows import Windowed
from sterna.formats.nir import read_graph
from sterna.formats.nir_fields import check_nodes
from sterna.law.neuron import Output
from sterna.program.instructions import INPUT


def read_nir(path: Path, choices: NirChoices | None = None) -> tuple[RealNetwork, NirReading]:
    """The network of a ``.nir`` file, and what was chosen where the format is silent.

    Raises `InputError` when the file is no NIR graph or holds what cannot be represented.
    """
    graph, version = read_graph(path)
    return _network(graph, path.stem, str(path), choices, version)


def from_graph(
    graph: Any, name: str, choices: NirChoices | None = None,
    version: tuple[int, ...] | None = None,
) -> tuple[RealNetwork, NirReading]:
    """The network of a ``nir.NIRGraph``; as `read_nir`."""
    return _network(graph, name, f"NIR graph {name}", choices, version)


def _network(
    graph: Any, name: str, what: str, choices: NirChoices | None,
    version: tuple[int, ...] | None,
) -> tuple[RealNetwork, NirReading]:
    """`what` is the graph in messages."""
    try:
        opened = open_graph(graph)
        check_nodes(opened.nodes)
        reading = choose(Facts(opened.nodes, opened.input, version), choices or NirChoices())
        edges = opened.edges
        if reading.recognition.producer == "spyx":
            edges = join_recurrence(opened.nodes, edges, NEURONS)
        nodes, edges = join_thresholds(opened.nodes, edges)
        check_reached(opened, nodes, edges, NEURONS)
        lowering = _Lowering(nodes, edges, reading, opened.input, opened.outputs)
        return lowering.network(name), reading
    except InputError as error:
        raise InputError(f"{what}: {error}") from None


class _Lowering:
    """Walks from the Input through linear nodes to neurons, whose shapes follow so."""

    def __init__(self, nodes: dict[str, Any], edges: Edges, reading: NirReading, start: str,
                 ends: tuple[str, ...]) -> None:
        self._nodes, self._reading, self._input, self._outputs = nodes, reading, start, ends
        self._before: dict[str, list[str]] = {key: [] for key in nodes}
        self._after: dict[str, list[str]] = {key: [] for key in nodes}
        for source, target in edges:
            self._before[target].append(source)
            self._after[source].append(target)
        self._missing = {key: len(sources) for key, sources in self._before.items()}
        self._known: dict[str, Linear] = {}
        """What goes on from each node whose shape is known."""

    def network(self, name: str) -> RealNetwork:
        shape = tuple(int(size) for size in self._nodes[self._input].input_type["input"])
        self._know(self._input, Linear.identity(self._input, shape))
        order = self._order()
        for key in order:
            known = [source for source in self._before[key] if source in self._known]
            if not known:
                circle = self._circle(key)
                raise InputError(f"node {key}: nothing of known shape leads to it" if circle is None
                                 else f"node {circle}: lies in a circle without a neuron")
            self._know(key, Linear.identity(key, self._known[known[0]].shape))
        for key in self._nodes:
            if key not in self._known:
                raise InputError(f"node {key}: lies in a circle without a neuron, or behind one")
        populations: list[RealPopulation] = []
        gathered: list[tuple[str, Linear]] = []
        integrators: dict[str, Integrator] = {}

        def late(source: str, target: str) -> bool:
            return self._is_late(source, target, order)

        for key in order:
            linear = self._joined(key)
            population = neuron_population(
                key, self._nodes[key], linear, self._reading.of(key), self._reading.zero_late(key))
            population, linear = as_current(f"node {key}", population, linear, integrators, late)
            populations.append(population)
            gathered.append((key, linear))
            if population.definition.output is Output.MEMBRANE:
                integrators[key] = Integrator(population, linear)
        outputs: list[str] = []
        for output, linear in self._told():
            if linear.is_identity and linear.terms[0].source != self._input:
                output = linear.terms[0].source
            else:
                population, linear = as_current(
                    f"node {output}", sum_population(output, linear.bias), linear, integrators,
                    late)
                populations.append(population)
                gathered.append((output, linear))
            if output not in outputs:
                outputs.append(output)
        read = {term.source for _, linear in gathered for term in linear.terms}
        joined_away = integrators.keys() - read - set(outputs)
        connections = tuple(
            connection for key, value in gathered if key not in joined_away
            for connection in self._connections(key, value, order, populations)
        )
        return RealNetwork(
            name=name, inputs=prod(shape), connections=connections, output=outputs[0],
            populations=tuple(item for item in populations if item.name not in joined_away),
            beside=tuple(outputs[1:]))

    def _told(self) -> list[tuple[str, Linear]]:
        """Names and values of what is given out.

        Several Outputs that take spikes stand one behind the other; with membranes each is by
        itself, and the first is the output.
        """
        found = [(name, self._known[name]) for name in self._outputs]
        graded = any(type(self._nodes[term.source]).__name__ in READ_OUTS
                     for _, linear in found for term in linear.terms)
        if len(found) == 1 or graded:
            return found
        name = "+".join(self._outputs)
        return [(name, joined(f"node {name}", [linear for _, linear in found]))]

    def _is_late(self, source: str, target: str, order: list[str]) -> bool:
        """Whether spikes of a source arrive in the step after."""
        return source in order and (
            target in order and order.index(source) >= order.index(target)
            or self._reading.options.late and type(self._nodes[source]).__name__ != "LIThreshold")

    def _circle(self, key: str) -> str | None:
        """A node of a circle without a neuron that leads to a neuron, or None."""
        seen: list[str] = []
        while key not in seen:
            seen.append(key)
            before = [source for source in self._before[key]
                      if source not in self._known and not self._is_neuron(source)]
            if not before:
                return None
            key = before[0]
        return key

    def _connections(
        self, target: str, linear: Linear, order: list[str], populations: list[RealPopulation]
    ) -> list[RealConnection]:
        graded = {p.name for p in populations if p.definition.output is Output.MEMBRANE}
        result = []
        for key, weights, late in linear.matrices(f"node {target}"):
            if key in graded:
                raise InputError(
                    f"node {key}: its membrane goes on to {target}; only spikes can"
                )
            source = INPUT if key == self._input else key
            previous = self._is_late(source, target, order)
            delays = late.astype(np.uint8) if late is not None and late.any() else None
            window = None
            if isinstance(weights, Windowed):
                window, weights = weights.window, weights.weights
            result.append(RealConnection(
                source=source, target=target, weights=weights, previous=previous, delays=delays,
                window=window))
        return result

    def _order(self) -> list[str]:
        """Neurons in the order of execution; what goes against it is recurrence."""
        finished: list[str] = []
        seen = {self._input}
        stack = [(self._input, iter(self._after[self._input]))]
        while stack:
            key, following = stack[-1]
            target = next((t for t in following if t not in seen), None)
            if target is None:
                finished.append(key)
                stack.pop()
            else:
                seen.add(target)
                stack.append((target, iter(self._after[target])))
        return [key for key in reversed(finished) if self._is_neuron(key)]

    def _is_neuron(self, key: str) -> bool:
        return type(self._nodes[key]).__name__ in NEURONS

    def _know(self, key: str, linear: Linear) -> None:
        """Keep what a node gives, and what follows from it up to the next neurons."""
        self._known[key] = linear
        waiting = [key]
        while waiting:
            for target in self._after[waiting.pop()]:
                self._missing[target] -= 1
                if self._missing[target] or self._is_neuron(target):
                    continue
                self._known[target] = apply(
                    target, self._nodes[target], self._joined(target), self._reading.options.dt)
                waiting.append(target)

    def _joined(self, key: str) -> Linear:
        """The sum of all edges into a node."""
        first, *others = (self._known[source] for source in self._before[key])
        for other in others:
            first = first.plus(other, f"node {key}")
        return first
