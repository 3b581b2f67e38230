"""A NIR graph with the graphs in it opened: their ports become plain wires."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sterna.errors import InputError
from sterna.program.instructions import INPUT

Edges = list[tuple[str, str]]


@dataclass(frozen=True)
class Opened:
    """Nodes by name, edges between them, and the names of the graph's Input and Outputs."""

    nodes: dict[str, Any]
    edges: Edges
    input: str
    outputs: tuple[str, ...]


def open_graph(graph: Any, prefix: str = "") -> Opened:
    """The graph and those in it, whose nodes get names such as ``inner.node``.

    Raises `InputError` for ports that are not one each, but for Outputs of the whole, and for edges
    that lead to no node, the wrong way through a port, or that are there twice.
    """
    what = f"graph {prefix[:-1]}: " if prefix else ""
    kinds = {key: type(node).__name__ for key, node in graph.nodes.items()}
    start, = _ports("Input", kinds, what)
    ends = _ports("Output", kinds, what, several=not prefix)
    _check_edges(graph.edges, kinds, what)
    nodes: dict[str, Any] = {}
    inner: dict[str, Opened] = {}
    edges: Edges = []
    for key, node in graph.nodes.items():
        if kinds[key] == "NIRGraph":
            inner[key] = open_graph(node, f"{prefix}{key}.")
            found, more = inner[key].nodes, inner[key].edges
        else:
            found, more = {prefix + key: node}, []
        if twice := found.keys() & nodes.keys():
            raise InputError(f"{what}two nodes are called {min(twice)}; rename one")
        nodes |= found
        edges += more
    for source, target in graph.edges:
        edges.append((inner[source].outputs[0] if source in inner else prefix + source,
                      inner[target].input if target in inner else prefix + target))
    return Opened(nodes, edges, prefix + start, tuple(prefix + end for end in ends))


def _ports(kind: str, kinds: dict[str, str], what: str, several: bool = False) -> list[str]:
    found = [key for key, item in kinds.items() if item == kind]
    if len(found) != 1 and not (several and found):
        names = f" ({', '.join(found)})" if found else ""
        raise InputError(f"{what}has {len(found)} {kind} nodes{names}, not one")
    return found


def _check_edges(edges: Edges, kinds: dict[str, str], what: str) -> None:
    for source, target in edges:
        told = f"{what}the edge from {source} to {target}"
        for end in (source, target):
            if end not in kinds:
                raise InputError(f"{told}: there is no node {end}")
        if kinds[target] == "Input" or kinds[source] == "Output":
            raise InputError(f"{told}: leads into an Input or out of an Output")
    for (source, target), count in Counter(edges).items():
        if count > 1:
            raise InputError(f"{what}the edge from {source} to {target} is there twice")


def check_reached(opened: Opened, nodes: dict[str, Any], edges: Edges,
                  ends: tuple[str, ...]) -> None:
    """Raise `InputError` naming the first node that is not between the Input and an end.

    `ends` are kinds of nodes that need no edge on: their outputs are told.
    """
    after: dict[str, list[str]] = {key: [] for key in nodes}
    for source, target in edges:
        after[source].append(target)
    seen, waiting = {opened.input}, [opened.input]
    while waiting:
        fresh = [key for key in after[waiting.pop()] if key not in seen]
        seen.update(fresh)
        waiting += fresh
    for key, node in nodes.items():
        if key not in seen:
            raise InputError(f"node {key}: no edges lead from the Input {opened.input} to it")
        if not after[key] and type(node).__name__ not in ends and key not in opened.outputs:
            raise InputError(f"node {key}: no edge leads on from it; remove it, or lead it to a "
                             f"neuron or the Output {opened.outputs[0]}")
        if key == INPUT and key != opened.input:
            raise InputError(f"node {key}: only the Input of a graph may be called {INPUT}; rename "
                             "it")
