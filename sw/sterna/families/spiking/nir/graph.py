"""NIR graphs become real spiking networks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from sterna.errors import InputError
from sterna.extras import install_with
from sterna.families.spiking.network import RealConnection, RealNetwork, RealPopulation, Reals
from sterna.families.spiking.nir.linear import Linear, Shape, apply
from sterna.families.spiking.nir.marks import Facts
from sterna.families.spiking.nir.neurons import NEURONS, neuron_population, sum_population
from sterna.families.spiking.nir.options import NirChoices, NirReading, choose
from sterna.families.spiking.nir.rewrite import join_recurrence, join_thresholds
from sterna.formats.nir import check_file, check_nodes
from sterna.law.neuron import Output
from sterna.program.instructions import INPUT

Edges = list[tuple[str, str]]


def read_nir(path: Path, choices: NirChoices | None = None) -> tuple[RealNetwork, NirReading]:
    """The network of a ``.nir`` file, and what was chosen where the format is silent.

    Raises `InputError` when the file is no NIR graph or holds what cannot be represented.
    """
    try:
        import nir
    except ImportError:
        raise InputError(f"{path}: reading needs the package nir; {install_with('nir')}") from None
    try:
        check_file(path)
        # Shapes are checked here: Norse writes those of its sample, with the batch.
        graph = nir.read(path, type_check=False)
        version = _version(path)
    except (OSError, ValueError, KeyError, AttributeError, TypeError, AssertionError,
            IndexError) as error:
        raise InputError(f"{path}: is damaged or no NIR graph ({error})") from None
    return from_graph(graph, path.stem, choices, version)


def _version(path: Path) -> tuple[int, ...] | None:
    """The version of the package nir that wrote the file."""
    import h5py

    with h5py.File(path) as file:
        item = file.get("version")
        value = item[()] if isinstance(item, h5py.Dataset) else b""
    numbers = (value.decode() if isinstance(value, bytes) else str(value)).split(".")
    return tuple(map(int, numbers)) if all(item.isdigit() for item in numbers) else None


def from_graph(
    graph: Any, name: str, choices: NirChoices | None = None,
    version: tuple[int, ...] | None = None,
) -> tuple[RealNetwork, NirReading]:
    """The network of a ``nir.NIRGraph``; as `read_nir`."""
    nodes, edges = _flatten(graph, "")
    check_nodes(nodes)
    port = next((key for key, node in nodes.items() if type(node).__name__ == "Input" and
                 key in graph.nodes), "")
    reading = choose(Facts(nodes, port, version), choices or NirChoices())
    if reading.recognition.producer == "spyx":
        edges = join_recurrence(nodes, edges, NEURONS)
    nodes, edges = join_thresholds(nodes, edges)
    return _Lowering(name, nodes, edges, reading).network(), reading


def _flatten(graph: Any, prefix: str) -> tuple[dict[str, Any], Edges]:
    """Nodes and edges with nested graphs opened: their ports become plain wires."""
    nodes: dict[str, Any] = {}
    edges = [(prefix + source, prefix + target) for source, target in graph.edges]
    for key, node in graph.nodes.items():
        if type(node).__name__ != "NIRGraph":
            nodes[prefix + key] = node
            continue
        inner, inner_edges = _flatten(node, f"{prefix}{key}.")
        ports = {
            kind: next((f"{prefix}{key}.{name}" for name, item in node.nodes.items()
                        if type(item).__name__ == kind), None)
            for kind in ("Input", "Output")
        }
        if None in ports.values():
            raise InputError(f"NIR graph {prefix}{key}: has no Input or no Output")
        nodes |= inner
        edges = inner_edges + [
            (str(ports["Output"]) if source == prefix + key else source,
             str(ports["Input"]) if target == prefix + key else target)
            for source, target in edges
        ]
    return nodes, edges


class _Lowering:
    """Walks back from every neuron through linear nodes to the neurons and inputs before it."""

    def __init__(
        self, name: str, nodes: Mapping[str, Any], edges: Edges, reading: NirReading
    ) -> None:
        self._name, self._nodes, self._reading = name, nodes, reading
        self._before = {key: [s for s, t in edges if t == key] for key in nodes}
        self._after = {key: [t for s, t in edges if s == key] for key in nodes}
        twice, count = max(Counter(edges).items(), key=lambda item: item[1], default=(("", ""), 0))
        if count > 1:
            raise InputError(f"NIR graph {name}: the edge from {twice[0]} to {twice[1]} is there "
                             "twice")
        unknown = {end for edge in edges for end in edge} - set(nodes)
        if unknown:
            raise InputError(f"NIR graph {name}: edges name no node {', '.join(sorted(unknown))}")
        self._input = self._port("Input", self._before)
        self._output = self._port("Output", self._after)
        self._shapes: dict[str, Shape] = {}

    def _port(self, kind: str, outside: Mapping[str, list[str]]) -> str:
        found = [
            key for key, node in self._nodes.items()
            if type(node).__name__ == kind and not outside[key]
        ]
        if len(found) != 1:
            raise InputError(f"NIR graph {self._name}: has {len(found)} {kind} nodes, not one")
        return found[0]

    def network(self) -> RealNetwork:
        shape = tuple(int(size) for size in self._nodes[self._input].input_type["input"])
        self._shapes[self._input] = shape
        order = self._order()
        populations: list[RealPopulation] = []
        gathered: list[tuple[str, Linear]] = []
        for key in order:
            self._shapes[key] = self._neuron_shape(key)
        for key in order:
            linear = self._gather(key)
            populations.append(neuron_population(
                key, self._nodes[key], linear, self._reading.of(key), self._reading.zero_late(key)
            ))
            gathered.append((key, linear))
        output, linear = self._output, self._gather(self._output)
        declared = tuple(int(size) for size in self._nodes[output].output_type["output"])
        if prod(declared) != linear.bias.size:
            raise InputError(f"NIR node {output}: has shape {list(declared)}, but what leads to it "
                             f"has {list(linear.shape)}")
        single = linear.terms[0]
        if len(linear.terms) == 1 and single.source != self._input and _is_identity(linear):
            output = single.source
        else:
            populations.append(sum_population(output, linear.bias))
            gathered.append((output, linear))
        connections = tuple(
            connection for key, value in gathered
            for connection in self._connections(key, value, order, populations)
        )
        return RealNetwork(name=self._name, inputs=prod(shape), populations=tuple(populations),
                           connections=connections, output=output)

    def _connections(
        self, target: str, linear: Linear, order: list[str], populations: list[RealPopulation]
    ) -> list[RealConnection]:
        graded = {p.name for p in populations if p.definition.output is Output.MEMBRANE}
        result = []
        for term in linear.terms:
            if term.source in graded:
                raise InputError(
                    f"NIR node {term.source}: its membrane goes on to {target}; only spikes can"
                )
            source = INPUT if term.source == self._input else term.source
            previous = source in order and (
                target in order and order.index(source) >= order.index(target)
                or self._reading.options.late
                and type(self._nodes[source]).__name__ != "LIThreshold"
            )
            delays = term.delays.astype(np.uint8) if term.delays.any() else None
            result.append(RealConnection(
                source=source, target=target, weights=term.weights, previous=previous,
                delays=delays,
            ))
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

    def _neuron_shape(self, key: str) -> Shape:
        """From the edges whose shape is known; recurrent ones come later and must agree."""
        shapes = [
            self._linear(source, (key,)).shape
            for source in self._before[key] if self._known(source, (key,))
        ]
        if not shapes:
            raise InputError(f"NIR node {key}: nothing of known shape leads to it")
        return shapes[0]

    def _known(self, key: str, path: tuple[str, ...]) -> bool:
        if key in self._shapes:
            return True
        if self._is_neuron(key) or key in path:
            return False
        return all(self._known(source, (*path, key)) for source in self._before[key])

    def _gather(self, key: str) -> Linear:
        return self._joined(key, (key,))

    def _joined(self, key: str, path: tuple[str, ...]) -> Linear:
        if not self._before[key]:
            raise InputError(f"NIR node {key}: nothing leads to it")
        first, *others = (self._linear(source, path) for source in self._before[key])
        for other in others:
            first = first.plus(other, key)
        return first

    def _linear(self, key: str, path: tuple[str, ...]) -> Linear:
        if key in self._shapes:
            return Linear.identity(key, self._shapes[key])
        if key in path:
            raise InputError(f"NIR node {key}: lies in a circle without a neuron")
        node, before = self._nodes[key], self._joined(key, (*path, key))
        if type(node).__name__ == "Input":
            return before
        return apply(key, node, before, self._reading.options.dt)


def _is_identity(linear: Linear) -> bool:
    weights: Reals = linear.terms[0].weights
    return (
        weights.shape[0] == weights.shape[1] and not linear.bias.any()
        and not linear.terms[0].delays.any() and bool((weights == np.eye(len(weights))).all())
    )
