"""Every dataset of every node with every wrong value, every edge and group bent; see campaign."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import h5py
import nir
import pytest
from sterna.errors import InputError
from sterna.families.spiking.nir.graph import read_nir
from sterna.families.spiking.quantise import quantise

from tests.campaign.nir_files import Change, graphs
from tests.campaign.nir_graphs import changes
from tests.campaign.nir_structure import graph_changes
from tests.campaign.trial import Wanted

GRAPHS = graphs()
SLOW = {"a chain of 3000", "too deeply nested"}
"""Whose files take seconds to write."""


def all_changes(kind: str, path: Path) -> Iterator[Change]:
    """Of the node that gives the graph its name; ports and edges with one of them."""
    for change in changes(GRAPHS[kind], path):
        if change.name.startswith("x") or kind == "LIF":
            yield change
    if kind == "LIF":
        yield from (change for change in graph_changes() if change.name not in SLOW)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", GRAPHS)
def test_every_wrong_file_is_refused_by_node_and_field(kind: str, tmp_path: Path) -> None:
    path, found = tmp_path / "net.nir", []
    nir.write(path, GRAPHS[kind])
    good = path.read_bytes()
    quantise(read_nir(path)[0])
    for change in all_changes(kind, tmp_path / "scratch.nir"):
        path.write_bytes(good)
        with h5py.File(path, "a") as file:
            change.edit(file)
        found.append((change.name, fault(change, path)))
    assert len(found) > 70
    assert [item for item in found if item[1] is not None] == []


def fault(change: Change, path: Path) -> str | None:
    """What is wrong with the answer to a changed file."""
    try:
        quantise(read_nir(path)[0])
    except InputError as error:
        text = str(error)
        named = all(name in text for name in ("net", *change.where))
        return None if named and "\n" not in text and len(text) < 600 else f"unclear: {text}"
    except Exception as error:
        return repr(error)
    return "accepted" if change.wanted is Wanted.REFUSED else None
