"""Files of NIR graphs (HDF5), looked at whole before the package nir makes nodes of them.

What a file says of itself is not believed: values are counted before they are read, links are not
followed, and graphs in graphs have an end.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sterna.errors import InputError
from sterna.extras import install_with
from sterna.formats.nir_fields import KINDS, Field, check_fields, check_names, kind_of

if TYPE_CHECKING:
    import h5py

MOST_BYTES = 1 << 28
"""Of all values of a file, as they are read."""
MOST_NODES = 4096
MOST_DEPTH = 16
"""Of graphs in graphs."""
_BROKEN = (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError)
"""What h5py raises for a file that is not whole."""


def read_graph(path: Path) -> tuple[Any, tuple[int, ...] | None]:
    """The ``nir.NIRGraph`` of a file, and the version of the package that wrote it.

    Raises `InputError` naming node and field of what is wrong.
    """
    try:
        import h5py
        import nir
    except ImportError:
        raise InputError(f"{path}: reading needs the package nir; {install_with('nir')}") from None
    try:
        file = h5py.File(path)
    except _BROKEN as error:
        raise InputError(f"{path}: is damaged or no NIR graph ({_first(error)})") from None
    with file:
        reader = _Reader(path)
        tree, version = reader.graph(reader.item(file, "node", ""), ""), reader.version(file)
    return nir.dict2NIRNode(tree), version


def _first(error: BaseException) -> str:
    return str(error).split("\n", 1)[0] or type(error).__name__


@dataclass
class _Reader:
    """Reads the groups of a file as dictionaries that the package nir takes."""

    path: Path
    nodes: int = 0
    bytes: int = 0

    def where(self, node: str) -> str:
        return f"{self.path}: node {node}" if node else f"{self.path}: graph"

    def item(self, group: h5py.Group, name: str, node: str) -> Any:
        """What a group has of that name. Raises `InputError` for a link and what is not there."""
        import h5py

        try:
            if (link := group.get(name, getlink=True)) is None:
                raise InputError(f"{self.where(node)}: {name} is missing")
            found = group[name] if isinstance(link, h5py.HardLink) else None
        except _BROKEN as error:
            raise InputError(f"{self.where(node)}: {name} is damaged ({_first(error)})"
                             ) from None
        if found is None:
            raise InputError(f"{self.where(node)}: {name} is a link; the values must be in its "
                             "place")
        return found

    def names(self, group: h5py.Group, node: str) -> list[str]:
        """Of all that is in a group."""
        try:
            found = list(group)
        except _BROKEN as error:
            raise InputError(f"{self.where(node)}: is damaged ({_first(error)})") from None
        # h5py gives bytes for what is no UTF-8.
        if wrong := [name for name in found if not isinstance(name, str)]:
            raise InputError(f"{self.where(node)}: the name {wrong[0]!r} is no text in UTF-8; "
                             "rename it")
        return found

    def value(self, item: Any, node: str, name: str, text: bool = False) -> Any:
        """The values of a dataset, one text decoded; many texts where there may be `text`.

        Raises `InputError` for what is no dataset, and for too many values.
        """
        import h5py

        where = f"{self.where(node)}: {name}"
        try:
            if not isinstance(item, h5py.Dataset):
                raise InputError(f"{where} is a group, not values")
            if item.external or item.is_virtual:
                raise InputError(f"{where} lies in another file; the values must be in its place")
            if item.shape is None:
                raise InputError(f"{where} is empty")
            self.bytes += item.size * item.dtype.itemsize
            if self.bytes > MOST_BYTES:
                raise InputError(f"{where} of shape {list(item.shape)} is too large; the values "
                                 f"of a graph may take {MOST_BYTES >> 20} MiB")
            if not text and item.shape and h5py.check_string_dtype(item.dtype) is not None:
                raise InputError(f"{where} holds text, not real numbers")
            found = item[()]
        except _BROKEN as error:
            raise InputError(f"{where} cannot be read ({_first(error)})") from None
        return _decoded(found, where) if isinstance(found, bytes) else found

    def graph(self, group: Any, node: str, depth: int = 0) -> dict[str, Any]:
        """A graph, with the graphs in it; `node` is its name there."""
        kind = self.kind(group, node)
        if kind != "NIRGraph":
            raise InputError(f"{self.where(node)}: is a {kind}, not a NIRGraph")
        if depth > MOST_DEPTH:
            raise InputError(f"{self.where(node)}: lies deeper than {MOST_DEPTH} graphs in graphs")
        known = {"type", "nodes", "edges", "metadata", "version"}
        if unknown := sorted(set(self.names(group, node)) - known):
            raise InputError(f"{self.where(node)}: {unknown[0]} is no field of a NIRGraph, which "
                             "has nodes and edges")
        nodes, tree = self.item(group, "nodes", node), {}
        if not hasattr(nodes, "keys"):
            raise InputError(f"{self.where(node)}: nodes holds values, not nodes")
        for name in self.names(nodes, node):
            self.nodes += 1
            if self.nodes > MOST_NODES:
                raise InputError(f"{self.path}: has more than {MOST_NODES} nodes")
            place, inner = f"{node}.{name}" if node else name, self.item(nodes, name, node)
            graph = self.kind(inner, place) == "NIRGraph"
            tree[name] = self.graph(inner, place, depth + 1) if graph else self.node(inner, place)
        edges = self.edges(self.item(group, "edges", node), node)
        return {"type": kind, "nodes": tree, "edges": edges, "type_check": False}

    def kind(self, group: Any, node: str) -> str:
        """The type of a node."""
        if not hasattr(group, "keys"):
            raise InputError(f"{self.where(node)}: holds values, not the fields of a node")
        found = self.value(self.item(group, "type", node), node, "type", text=True)
        if isinstance(found, str) and (found == "NIRGraph" or found in KINDS):
            return found
        told = repr(found[:40]) if isinstance(found, str) else "not one text"
        raise InputError(f"{self.where(node)}: its type is {told}, which NIR does not have; it has "
                         f"{', '.join(KINDS)} and NIRGraph")

    def node(self, group: Any, node: str) -> dict[str, Any]:
        """A node that is no graph; what its file may leave out is filled in."""
        kind = self.kind(group, node)
        names = set(self.names(group, node)) - {"type", "metadata"}
        check_names(self.where(node), kind, names)
        values = {name: self.value(self.item(group, name, node), node, name)
                  for name in KINDS[kind] if name in names}
        check_fields(self.where(node), kind, values)
        values = {name: _whole(value, KINDS[kind][name]) for name, value in values.items()}
        if kind in ("Conv1d", "Conv2d"):
            values.setdefault("input_shape", None)
        return {"type": kind, **values}

    def edges(self, item: Any, node: str) -> list[tuple[str, str]]:
        """Pairs of names."""
        where = f"{self.where(node)}: edges"
        found = np.asarray(self.value(item, node, "edges", text=True))
        if not found.size:
            return []
        if found.ndim != 2 or found.shape[1] != 2 or found.dtype.kind not in "SO":
            raise InputError(f"{where} of shape {list(found.shape)} hold {kind_of(found.dtype)}; "
                             "they must be pairs of names")
        return [(_decoded(source, where), _decoded(target, where)) for source, target in found]

    def version(self, file: h5py.File) -> tuple[int, ...] | None:
        """Of the package that wrote the file, where it tells."""
        if "version" not in self.names(file, ""):
            return None
        found = self.value(self.item(file, "version", ""), "", "version", text=True)
        parts = found.split(".") if isinstance(found, str) else [""]
        digits = all(part.isascii() and part.isdecimal() and len(part) < 9 for part in parts)
        return tuple(map(int, parts)) if digits else None


def _whole(value: Any, field: Field) -> Any:
    """Sizes as nir's own code takes them: one number, where that is enough, or several."""
    if not field.whole or isinstance(value, str):
        return value
    found = np.asarray(value).astype(np.int64)
    return int(found.reshape(-1)[0]) if found.size == 1 and field.counts else found


def _decoded(text: Any, where: str) -> str:
    try:
        return text if isinstance(text, str) else bytes(text).decode()
    except (UnicodeDecodeError, TypeError):
        raise InputError(f"{where}: holds what is no text in UTF-8") from None
