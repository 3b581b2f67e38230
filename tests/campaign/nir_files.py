"""NIR graphs of every node that Sterna reads, and changes to the files that nir writes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import h5py
import nir
import numpy as np

from tests.campaign.trial import Wanted

Edit = Callable[[h5py.File], None]


@dataclass(frozen=True)
class Change:
    """What is done to a graph's file and what should become of it; `where` a refusal must name."""

    name: str
    edit: Edit
    wanted: Wanted = Wanted.REFUSED
    where: tuple[str, ...] = ()


def full(value: float, count: int = 4) -> np.ndarray:
    return np.full(count, value)


_LEAKY = {"r": full(1.0), "v_leak": full(0.0), "tau": full(1e-3)}
_CUBA = {"r": full(1.0), "v_leak": full(0.0), "tau_mem": full(1e-3), "tau_syn": full(5e-4),
         "w_in": full(2.0)}
_FIRES = {"v_threshold": full(0.5), "v_reset": full(0.0)}
_WEIGHT = np.arange(16.0).reshape(4, 4) / 8 - 1
_SPREAD = {"stride": 1, "padding": 1, "dilation": 1, "groups": 1}
_POOL = {"kernel_size": np.array([2, 2]), "stride": np.array([2, 2]), "padding": np.array([0, 0])}


def _lif() -> Any:
    return nir.LIF(**_LEAKY, **_FIRES)


def graphs() -> dict[str, Any]:
    """A graph of every node that Sterna reads, by its kind; the node is called `x`."""
    image = {"shape": [1, 4, 4]}
    kinds: dict[str, tuple[Any, list[int], list[int]]] = {
        "Affine": (nir.Affine(weight=_WEIGHT, bias=full(0.25)), [4], [4]),
        "Linear": (nir.Linear(weight=_WEIGHT), [4], [4]),
        "Scale": (nir.Scale(scale=full(0.5)), [4], [4]),
        "Conv1d": (nir.Conv1d(input_shape=4, weight=np.ones((2, 1, 3)), **_SPREAD,
                              bias=full(0.5, 2)), [1, 4], [2, 4]),
        "Conv2d": (nir.Conv2d(input_shape=(4, 4), weight=np.ones((2, 1, 3, 3)), **_SPREAD,
                              bias=full(0.5, 2)), image["shape"], [2, 4, 4]),
        "SumPool2d": (nir.SumPool2d(**_POOL), image["shape"], [1, 2, 2]),
        "AvgPool2d": (nir.AvgPool2d(**_POOL), image["shape"], [1, 2, 2]),
        "Flatten": (nir.Flatten(input_type={"input": np.array([2, 2])}, start_dim=0, end_dim=-1),
                    [2, 2], [4]),
        "Delay": (nir.Delay(delay=np.array([0.0, 1e-4, 2e-4, 3e-4])), [4], [4]),
        "Threshold": (nir.Threshold(threshold=full(0.5)), [4], [4]),
        "I": (nir.I(r=full(1e3)), [4], [4]),
        "IF": (nir.IF(r=full(1e3), **_FIRES), [4], [4]),
        "LI": (nir.LI(**_LEAKY), [4], [4]),
        "LIF": (_lif(), [4], [4]),
        "CubaLIF": (nir.CubaLIF(**_CUBA, **_FIRES), [4], [4]),
    }
    found = {kind: _around(*parts) for kind, parts in kinds.items()}
    inner = _chain(nir.Input(input_type={"input": np.array([4])}), _lif(),
                   nir.Output(output_type={"output": np.array([4])}))
    found["NIRGraph"] = _around(inner, [4], [4])
    return found


def _around(node: Any, inputs: list[int], outputs: list[int]) -> Any:
    """The node between the ports, before a neuron where it is none."""
    nodes = {"in": nir.Input(input_type={"input": np.array(inputs)}), "x": node}
    if type(node).__name__ not in ("I", "IF", "LI", "LIF", "CubaLIF", "Threshold", "NIRGraph"):
        nodes["cell"] = nir.Threshold(threshold=np.full(outputs, 0.5))
    nodes["out"] = nir.Output(output_type={"output": np.array(outputs)})
    names = list(nodes)
    return nir.NIRGraph(nodes, list(zip(names, names[1:], strict=False)), type_check=False)


def _chain(*nodes: Any) -> Any:
    names = [f"n{index}" for index in range(len(nodes))]
    edges = list(zip(names, names[1:], strict=False))
    return nir.NIRGraph(dict(zip(names, nodes, strict=True)), edges, type_check=False)


def put(file: h5py.File, place: str, value: Any) -> None:
    """In the place of whatever is there."""
    if place in file:
        del file[place]
    file[place] = value


def node_of(place: str) -> str:
    """The name that messages have for the node of a dataset."""
    parts = [part for part in place.split("/")[1:-1] if part != "nodes"]
    return ".".join(parts)
