"""Graphs whose nodes mean something together: written as one node before they are lowered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Nodes = dict[str, Any]
Edges = list[tuple[str, str]]


@dataclass(frozen=True)
class LIThreshold:
    """An LI whose membrane only a Threshold looks at: spikes that reset nothing."""

    tau: Any
    r: Any
    v_leak: Any
    threshold: Any


def join_thresholds(nodes: Nodes, edges: Edges) -> tuple[Nodes, Edges]:
    """Every LI that goes on to one Threshold and nowhere else, as an `LIThreshold` of its name."""
    joined, result = dict(nodes), list(edges)
    for key, node in nodes.items():
        before = [source for source, target in edges if target == key]
        if type(node).__name__ != "Threshold" or len(before) != 1:
            continue
        cell: Any = nodes.get(before[0])
        after = [target for source, target in edges if source == before[0]]
        if type(cell).__name__ != "LI" or after != [key]:
            continue
        joined[before[0]] = LIThreshold(cell.tau, cell.r, cell.v_leak, node.threshold)
        del joined[key]
        result = [
            (before[0] if source == key else source, target)
            for source, target in result if target != key
        ]
    return joined, result


def join_recurrence(nodes: Nodes, edges: Edges, neurons: tuple[str, ...]) -> Edges:
    """Spyx's recurrent layers: their input goes to the neuron, as in Spyx.

    In the graph it goes through the recurrent weights, for ``spyx.nir`` 1.0.0 writes the edge from
    the layer's Input to w_rec and takes the same edge to mean the neuron when it reads.
    """
    result = []
    for source, target in edges:
        after = [item for start, item in edges if start == target]
        inner = type(nodes.get(source)).__name__ == "Input" and "." in source
        loops = len(after) == 1 and (after[0], target) in edges and (
            type(nodes.get(after[0])).__name__ in neurons)
        weights = type(nodes.get(target)).__name__ in ("Linear", "Affine")
        result.append((source, after[0] if inner and weights and loops else target))
    return result
