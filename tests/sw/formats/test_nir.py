"""Every dataset of every node that nir knows, one wrong value at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.spiking.nir.graph import from_graph, read_nir
from sterna.formats.nir import POSITIVE, check_file, check_nodes

h5py: Any = pytest.importorskip("h5py")
nir: Any = pytest.importorskip("nir")

_ONE = np.array([0.5, 0.75])
_LEAKY = {"r": _ONE, "v_leak": _ONE * 0, "tau": _ONE}
_CUBA = {"r": _ONE, "v_leak": _ONE * 0, "tau_mem": _ONE, "tau_syn": _ONE}
_FIRES = {"v_threshold": _ONE, "v_reset": _ONE * 0}
_POOL = {"kernel_size": np.array([2, 2]), "stride": np.array([2, 2]), "padding": np.array([0, 0])}
_CONVOLUTION = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": _ONE}

NODES: dict[str, Any] = {
    "Affine": nir.Affine(weight=np.eye(2), bias=_ONE),
    "Linear": nir.Linear(weight=np.eye(2)),
    "Scale": nir.Scale(scale=_ONE),
    "Conv1d": nir.Conv1d(input_shape=8, weight=np.ones((2, 1, 3)), **_CONVOLUTION),
    "Conv2d": nir.Conv2d(input_shape=(8, 8), weight=np.ones((2, 1, 3, 3)), **_CONVOLUTION),
    "SumPool2d": nir.SumPool2d(**_POOL),
    "AvgPool2d": nir.AvgPool2d(**_POOL),
    "Flatten": nir.Flatten(input_type=np.array([2, 2]), start_dim=0, end_dim=-1),
    "Delay": nir.Delay(delay=_ONE),
    "Threshold": nir.Threshold(threshold=_ONE),
    "I": nir.I(r=_ONE),
    "IF": nir.IF(r=_ONE, **_FIRES),
    "LI": nir.LI(**_LEAKY),
    "LIF": nir.LIF(**_LEAKY, **_FIRES),
    "CubaLI": nir.CubaLI(**_CUBA, w_in=_ONE),
    "CubaLIF": nir.CubaLIF(**_CUBA, **_FIRES, w_in=_ONE),
    "Input": nir.Input(input_type={"input": np.array([2])}),
    "Output": nir.Output(output_type={"output": np.array([2])}),
}


def write(path: Path, kind: str) -> list[str]:
    """A file with a node of the kind, `x`; the names of its datasets that hold numbers."""
    nodes = {"in": nir.Input(input_type={"input": np.array([2])}), "x": NODES[kind],
             "out": nir.Output(output_type={"output": np.array([2])})}
    nir.write(path, nir.NIRGraph(nodes, [("in", "x"), ("x", "out")], type_check=False))
    with h5py.File(path) as file:
        return [name for name in file["node/nodes/x"] if name != "type"]


def replace(path: Path, name: str, value: Any) -> None:
    """Put a dataset of node `x` in the place of another, of the same or another shape."""
    with h5py.File(path, "a") as file:
        del file[f"node/nodes/x/{name}"]
        file[f"node/nodes/x/{name}"] = value


def with_one(values: Any, wrong: float) -> np.ndarray:
    array = np.atleast_1d(np.asarray(values, np.float64)).copy()
    array.reshape(-1)[-1] = wrong
    return array


def test_the_list_of_nodes_is_whole() -> None:
    """What a later nir adds is looked at, too."""
    assert set(NODES) == set(nir.ir.__all__) - {
        "NIRGraph", "NIRNode", "str2NIRNode", "dict2NIRNode"}


@pytest.mark.parametrize("kind", NODES)
def test_every_dataset_is_looked_at(tmp_path: Path, kind: str) -> None:
    """NaN and infinities as one of many and as a 0-dimensional dataset; by node and name."""
    path = tmp_path / "net.nir"
    names = write(path, kind)
    check_file(path)
    seen = 0
    for name in names:
        with h5py.File(path) as file:
            good = file[f"node/nodes/x/{name}"][()]
        for wrong in (np.nan, np.inf, -np.inf, 1e39, 1j, b"word"):
            values = [np.asarray(wrong)]
            if not isinstance(wrong, bytes | complex):
                values.append(with_one(good, wrong))
            for value in values:
                replace(path, name, value)
                with pytest.raises(InputError, match=rf"node x: {name} (holds|is) ") as caught:
                    read_nir(path)
                assert "\n" not in str(caught.value)
                seen += 1
        replace(path, name, good)
    assert seen == 10 * len(names) and names


@pytest.mark.parametrize("kind", NODES)
def test_every_attribute_is_looked_at(kind: str) -> None:
    """Of graphs that come from Python: arrays, numpy's scalars and Python's."""
    node = NODES[kind]
    attributes = [name for name in vars(node) if name not in ("metadata", "output_type")]
    for name in attributes:
        good = getattr(node, name)
        for value in (float("nan"), np.float32("inf"), np.array(np.nan), np.array([1.0, np.nan])):
            setattr(node, name, value)
            with pytest.raises(InputError, match=f"NIR node x: {name} holds values that are not"):
                check_nodes({"x": node})
        setattr(node, name, good)
    check_nodes({"x": node})


@pytest.mark.parametrize("kind", NODES)
def test_numbers_that_cannot_be_are_refused(tmp_path: Path, kind: str) -> None:
    """Time constants of 0, negative delays, sizes that are negative or not whole."""
    path = tmp_path / "net.nir"
    for name in write(path, kind):
        with h5py.File(path) as file:
            good = file[f"node/nodes/x/{name}"][()]
        wrongs: list[float] = []
        if name in POSITIVE:
            wrongs = [0.0, -1.0]
        elif name == "delay":
            wrongs = [-1.0]
        elif np.asarray(good).dtype.kind in "iu":
            wrongs = [1.5] if name in ("start_dim", "end_dim") else [1.5, -1]
        for wrong in wrongs:
            replace(path, name, with_one(good, wrong))
            with pytest.raises(InputError, match=f"node x: {name} is .* must"):
                read_nir(path)
        replace(path, name, good)


def test_a_threshold_of_no_dimension_that_is_none(tmp_path: Path) -> None:
    """It used to be read, and fired in every step."""
    path = tmp_path / "net.nir"
    write(path, "Threshold")
    replace(path, "threshold", np.float64(0.5))
    network, _ = read_nir(path)
    assert network.run(np.ones((1, 1, 2)))["x"].tolist() == [[[1, 1]]]
    replace(path, "threshold", np.float64("nan"))
    with pytest.raises(InputError, match=r"net.nir: node x: threshold holds values that are not"):
        read_nir(path)


def test_what_graph_and_nodes_say_of_shapes_must_agree() -> None:
    """An output of other size, an edge that would be summed twice, another input_shape."""
    def graph(node: Any, inputs: list[int], outputs: list[int], *edges: tuple[str, str]) -> Any:
        return nir.NIRGraph(
            {"in": nir.Input(input_type={"input": np.array(inputs)}), "x": node,
             "out": nir.Output(output_type={"output": np.array(outputs)})},
            [("in", "x"), ("x", "out"), *edges], type_check=False)

    with pytest.raises(InputError, match=r"node out: has shape \[3\], but what leads to it has"):
        from_graph(graph(NODES["Linear"], [2], [3]), "net")
    with pytest.raises(InputError, match="the edge from in to x is there twice"):
        from_graph(graph(NODES["Linear"], [2], [2], ("in", "x")), "net")
    with pytest.raises(InputError, match=r"node x: its input_shape is \[8, 8\], but values of"):
        from_graph(graph(NODES["Conv2d"], [1, 9, 8], [2, 7, 6]), "net")
