"""What nodes of NIR graphs must be made of, beside the wrong files of `test_wrong_files`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.spiking.nir.graph import from_graph, read_nir
from sterna.formats import nir as reader
from sterna.formats.nir import read_graph
from sterna.formats.nir_fields import KINDS, check_nodes

from tests.campaign.nir_files import graphs

h5py: Any = pytest.importorskip("h5py")
nir: Any = pytest.importorskip("nir")

GRAPHS = graphs()


def write(path: Path, kind: str) -> None:
    nir.write(path, GRAPHS[kind])


def replace(path: Path, name: str, value: Any) -> None:
    """Put a dataset of node `x` in the place of another, of the same or another shape."""
    with h5py.File(path, "a") as file:
        if name in file["node/nodes/x"]:
            del file[f"node/nodes/x/{name}"]
        file[f"node/nodes/x/{name}"] = value


def test_the_list_of_nodes_is_whole() -> None:
    """What a later nir adds is looked at, too; the campaign has all that Sterna reads."""
    assert set(KINDS) == set(nir.ir.__all__) - {
        "NIRGraph", "NIRNode", "str2NIRNode", "dict2NIRNode"}
    assert set(GRAPHS) == set(KINDS) - {"Input", "Output", "CubaLI"} | {"NIRGraph"}


@pytest.mark.parametrize("kind", sorted(set(GRAPHS) - {"NIRGraph"}))
def test_every_attribute_is_looked_at(kind: str) -> None:
    """Of graphs that come from Python: arrays, numpy's scalars and Python's."""
    node = GRAPHS[kind].nodes["x"]
    check_nodes({"x": node})
    for name in KINDS[kind]:
        good = getattr(node, name)
        for value in (float("nan"), np.float32("nan"), np.array(np.nan), np.array([1.0, np.nan])):
            setattr(node, name, value)
            with pytest.raises(InputError, match=f"node x: {name} holds values that are not fin"):
                check_nodes({"x": node})
        setattr(node, name, good)
    check_nodes({"x": node})


def test_a_threshold_of_no_dimension_that_is_none(tmp_path: Path) -> None:
    """It used to be read, and fired in every step."""
    path = tmp_path / "net.nir"
    write(path, "Threshold")
    replace(path, "threshold", np.float64(0.5))
    network, _ = read_nir(path)
    assert network.run(np.ones((1, 1, 4)))["x"].tolist() == [[[1, 1, 1, 1]]]
    replace(path, "threshold", np.float64("nan"))
    with pytest.raises(InputError, match=r"net.nir: node x: threshold holds values that are not"):
        read_nir(path)


@pytest.mark.parametrize(("value", "message"), [
    (np.inf, "node x: tau holds an endless time: a neuron that forgets nothing"),
    (-np.inf, "node x: tau holds values that are not finite"),
    (-1e-3, r"node x: tau is -0.001; it must be above 0; snnTorch writes so for a beta"),
    (0.0, "node x: tau is 0; it must be above 0$"),
])
def test_time_constants_that_cannot_be(tmp_path: Path, value: float, message: str) -> None:
    """Endless and negative ones are no matter of --dt."""
    path = tmp_path / "net.nir"
    write(path, "LIF")
    replace(path, "tau", np.array([1e-3, 1e-3, value, 1e-3]))
    with pytest.raises(InputError, match=message):
        read_nir(path)


def test_snntorch_writes_an_endless_time_for_a_beta_of_one(tmp_path: Path) -> None:
    """snnTorch 1.0.0: tau is 1e-4 / (1 - beta), and r the same in steps."""
    with np.errstate(divide="ignore"):
        tau = 1e-4 / (1 - np.array([0.5, 1.0, 0.75, 0.9]))
    path = tmp_path / "net.nir"
    write(path, "LIF")
    replace(path, "tau", tau)
    replace(path, "r", tau / 1e-4)
    with pytest.raises(InputError, match=r"tau holds an endless time.*beta or alpha of 1"):
        read_nir(path)


def test_what_graph_and_nodes_say_of_shapes_must_agree() -> None:
    """An output of other size, an edge that would be summed twice, another input_shape."""
    def graph(node: Any, inputs: list[int], outputs: list[int], *edges: tuple[str, str]) -> Any:
        return nir.NIRGraph(
            {"in": nir.Input(input_type={"input": np.array(inputs)}), "x": node,
             "out": nir.Output(output_type={"output": np.array(outputs)})},
            [("in", "x"), ("x", "out"), *edges], type_check=False)

    linear, window = (GRAPHS[kind].nodes["x"] for kind in ("Linear", "Conv2d"))
    with pytest.raises(InputError, match=r"node out: has shape \[3\], but what leads to it has"):
        from_graph(graph(linear, [4], [3]), "net")
    with pytest.raises(InputError, match="the edge from in to x is there twice"):
        from_graph(graph(linear, [4], [4], ("in", "x")), "net")
    with pytest.raises(InputError, match=r"node x: its input_shape is \[4, 4\], but values of"):
        from_graph(graph(window, [1, 5, 4], [2, 5, 4]), "net")


@pytest.mark.parametrize("axes", [[10], [10, 1], [10, 3]])
@pytest.mark.parametrize("kind", ["Affine", "LIF", "Conv2d", "Delay", "Flatten"])
def test_a_graph_traced_with_time_or_batch_says_so(
    tmp_path: Path, kind: str, axes: list[int]
) -> None:
    path = tmp_path / "net.nir"
    write(path, kind)
    with h5py.File(path, "a") as file:
        shape = [*axes, *file["node/nodes/in/shape"][()]]
        for port in ("in", "out"):
            del file[f"node/nodes/{port}/shape"]
            file[f"node/nodes/{port}/shape"] = shape
    with pytest.raises(InputError, match=r"look like time steps or a batch: export the graph") as e:
        read_nir(path)
    assert str(axes if axes[1:] != [1] else axes[:1])[:-1] in str(e.value)


def test_a_batch_of_one_is_nothing(tmp_path: Path) -> None:
    """As Norse and Sinabs write it."""
    path = tmp_path / "net.nir"
    write(path, "Affine")
    expected = read_nir(path)[0].run(np.ones((3, 1, 4)))
    with h5py.File(path, "a") as file:
        del file["node/nodes/in/shape"]
        file["node/nodes/in/shape"] = [1, 1, 4]
    found = read_nir(path)[0].run(np.ones((3, 1, 4)))
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_values_in_other_files_are_not_read(tmp_path: Path) -> None:
    """Links and external values would read whatever the file names."""
    path = tmp_path / "net.nir"
    (tmp_path / "raw").write_bytes(np.ones(4).tobytes())
    write(path, "Scale")
    replace(path, "scale", h5py.ExternalLink(str(tmp_path / "raw"), "/scale"))
    with pytest.raises(InputError, match="node x: scale is a link"):
        read_nir(path)
    with h5py.File(path, "a") as file:
        del file["node/nodes/x/scale"]
        file.create_dataset("node/nodes/x/scale", (4,), "f8",
                            external=[(str(tmp_path / "raw"), 0, 32)])
    with pytest.raises(InputError, match="node x: scale lies in another file"):
        read_nir(path)


def test_a_graph_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.nir"
    write(path, "NIRGraph")
    monkeypatch.setattr(reader, "MOST_NODES", 5)
    with pytest.raises(InputError, match="has more than 5 nodes"):
        read_graph(path)
    monkeypatch.setattr(reader, "MOST_NODES", 6)
    assert read_graph(path)[1] == tuple(map(int, nir.version.split(".")))
