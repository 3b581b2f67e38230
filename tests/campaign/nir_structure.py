"""What can be wrong with edges, ports, names and graphs in graphs of a NIR file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import h5py
import nir
import numpy as np

from tests.campaign.nir_files import Change, Edit, full, put
from tests.campaign.trial import Wanted


def _edges(*edges: tuple[str, str]) -> Edit:
    return lambda file: put(file, "node/edges", [[a.encode(), b.encode()] for a, b in edges])


def graph_changes() -> Iterator[Change]:
    """Of edges, ports and the file of a graph of one LIF."""
    two = [["in", "x"], ["x", "out"]]
    refused: dict[str, Edit] = {
        "to nowhere": _edges(("in", "x"), ("x", "out"), ("x", "y")),
        "from nowhere": _edges(("y", "x"), ("in", "x"), ("x", "out")),
        "only from the Input": _edges(("in", "x")), "only to the Output": _edges(("x", "out")),
        "twice": _edges(("in", "x"), ("x", "out"), ("in", "x")),
        "past the neuron": _edges(("in", "out")),
        "into the Input": _edges(("in", "x"), ("x", "in"), ("x", "out")),
        "out of the Output": _edges(("in", "x"), ("x", "out"), ("out", "x")),
        "none": lambda file: put(file, "node/edges", np.zeros((0, 2), "S1")),
        "numbers": lambda file: put(file, "node/edges", np.ones((2, 2))),
        "not UTF-8": lambda file: put(file, "node/edges", np.array([[b"\xff", b"x"]])),
        "in threes": lambda file: put(file, "node/edges", [row + row[:1] for row in two]),
        "in ones": lambda file: put(file, "node/edges", ["in", "out"]),
        "letters": lambda file: put(file, "node/edges", ["ab", "cd"]),
        "a word": lambda file: put(file, "node/edges", "in"),
        "null": lambda file: put(file, "node/edges", h5py.Empty("f8")),
        "a group": lambda file: put(file, "node/edges", file["node/nodes"]),
        "missing": lambda file: file.__delitem__("node/edges"),
        "vast": _vast_edges,
    }
    for label, edit in refused.items():
        yield Change(f"edges {label}", edit)
    yield Change("edges to itself", _edges(("in", "x"), ("x", "x"), ("x", "out")), Wanted.EITHER)
    for label, place, value in (
        ("nodes missing", "node/nodes", None), ("nodes a number", "node/nodes", 1),
        ("node missing", "node", None), ("node a number", "node", 1),
        ("two Inputs", "node/nodes/in2", "in"), ("two Outputs", "node/nodes/out2", "out"),
        ("type_check", "node/type_check", True), ("a field more", "node/what", 1),
    ):
        def edit(file: h5py.File, place: str = place, value: Any = value) -> None:
            if isinstance(value, str):
                file.copy(f"node/nodes/{value}", place)
            elif value is None:
                del file[place]
            else:
                put(file, place, value)
        yield Change(label, edit)
    for label, value in {"missing": None, "a number": 1, "NaN": np.nan, "words": "one.two",
                         "not UTF-8": b"\xff", "a list": ["1.0.8", "1"], "null": h5py.Empty("f8"),
                         "superscripts": "1.²", "digits": "1." + "9" * 5000}.items():
        def version(file: h5py.File, value: Any = value) -> None:
            del file["version"]
            if value is not None:
                file["version"] = value
        yield Change(f"version {label}", version, Wanted.EITHER)
    for label, name in {"a line": "a\nb", "an escape": "a\x1b[31mb", "a space": "a b",
                        "an equals sign": "a=b", "dots": "a.b..c", "not UTF-8": b"a\xffb",
                        "300 letters": "a" * 300, "like the input of a program": "input",
                        "another script": "ñ神経", "like a path": "..", "brackets": "[0]"}.items():
        yield Change(f"a neuron named {label}", renamed("x", name), Wanted.EITHER)
        yield Change(f"an Output named {label}", renamed("out", name), Wanted.EITHER)
        yield Change(f"an Input named {label}", renamed("in", name), Wanted.EITHER)
    yield Change("a group in itself", lambda file: file["node/nodes"].__setitem__(
        "loop", file["node"]))
    yield Change("deeply nested", _nested(100), Wanted.EITHER)
    yield Change("too deeply nested", _nested(2000), Wanted.EITHER)
    yield Change("laughs", _laughs)
    yield Change("a chain of 3000", _scales(3000), Wanted.EITHER)
    yield Change("a ring without neurons", _ring)
    yield Change("diamonds", _diamonds, Wanted.EITHER)
    yield Change("a dead end", _dead_end)
    yield Change("an island", _island)
    for shape in ([1, 4], [10, 1, 4], [10, 4], [4, 1], [2, 2], [], [4, 10]):
        yield Change(f"an Input of shape {shape}", lambda file, shape=shape: put(
            file, "node/nodes/in/shape", np.array(shape, np.int64)), Wanted.EITHER)
        yield Change(f"an Output of shape {shape}", lambda file, shape=shape: put(
            file, "node/nodes/out/shape", np.array(shape, np.int64)), Wanted.EITHER)
    for shape in ([1 << 20], [1 << 40], [1 << 20, 1 << 20, 1 << 20], [10**6, 4]):
        yield Change(f"ports of shape {shape}", _ports(shape))


def _vast_edges(file: h5py.File) -> None:
    del file["node/edges"]
    file.create_dataset("node/edges", (1 << 40, 2), "S5", chunks=(1024, 2))


def renamed(old: str, new: str | bytes) -> Edit:
    """Another name for a node."""
    def edit(file: h5py.File) -> None:
        nodes = file["node/nodes"]
        raw = new if isinstance(new, bytes) else new.encode()
        nodes.id.links.move(old.encode(), nodes.id, raw)
        kind = h5py.string_dtype()
        found = [[raw if item == old.encode() else item for item in row]
                 for row in file["node/edges"][()]]
        put(file, "node/edges", np.array(found, dtype=object).astype(kind))
    return edit


def _write(group: Any, node: dict[str, Any]) -> None:
    for key, value in node.items():
        if isinstance(value, dict):
            if key != "metadata":
                _write(group.create_group(key), value)
        else:
            group[key] = value


def _add(file: h5py.File, name: str, node: Any) -> None:
    _write(file.create_group(f"node/nodes/{name}"), node.to_dict())


def _nested(depth: int) -> Edit:
    def edit(file: h5py.File) -> None:
        group = file["node"]
        for _ in range(depth):
            nodes = group["nodes"]
            inner = nodes.create_group("deep")
            inner["type"], inner["edges"] = "NIRGraph", np.array([[b"in", b"out"]])
            inner.create_group("nodes")
            for port in ("in", "out"):
                inner["nodes"][port] = file[f"node/nodes/{port}"]
            group = inner
    return edit


def _laughs(file: h5py.File) -> None:
    """Each group holds the one before twice: 2**60 nodes in few bytes."""
    last = file["node/nodes/x"]
    for level in range(60):
        group = file.create_group(f"level{level}")
        group["type"], group["edges"] = "NIRGraph", np.array([[b"a", b"b"]])
        nodes = group.create_group("nodes")
        nodes["a"], nodes["b"] = last, last
        last = group
    file["node/nodes/laugh"] = last


def _scales(count: int) -> Edit:
    def edit(file: h5py.File) -> None:
        names = ["in", *(f"s{index}" for index in range(count)), "x", "out"]
        for name in names[1:-2]:
            _add(file, name, nir.Scale(scale=full(1.0)))
        _edges(*zip(names, names[1:], strict=False))(file)
    return edit


def _ring(file: h5py.File) -> None:
    _add(file, "a", nir.Scale(scale=full(1.0)))
    _add(file, "b", nir.Scale(scale=full(1.0)))
    _edges(("in", "a"), ("a", "b"), ("b", "a"), ("b", "x"), ("x", "out"))(file)


def _diamonds(file: h5py.File) -> None:
    last, edges = "in", []
    for index in range(40):
        names = [f"{side}{index}" for side in "abc"]
        for name in names:
            _add(file, name, nir.Scale(scale=full(0.5)))
        edges += [(last, names[0]), (last, names[1]), (names[0], names[2]), (names[1], names[2])]
        last = names[2]
    _edges(*edges, (last, "x"), ("x", "out"))(file)


def _dead_end(file: h5py.File) -> None:
    _add(file, "end", nir.Scale(scale=full(1.0)))
    _edges(("in", "x"), ("x", "out"), ("x", "end"))(file)


def _island(file: h5py.File) -> None:
    file.copy("node/nodes/x", "node/nodes/island")


def _ports(shape: list[int]) -> Edit:
    def edit(file: h5py.File) -> None:
        for port in ("in", "out"):
            put(file, f"node/nodes/{port}/shape", np.array(shape, np.int64))
        for name in file["node/nodes/x"]:
            if name != "type":
                put(file, f"node/nodes/x/{name}", np.float64(1e-3))
    return edit
