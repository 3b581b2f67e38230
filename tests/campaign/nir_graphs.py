"""NIR graphs of every node that Sterna reads, and what can be wrong with their files.

A graph is written by the package nir, then its file is edited: each dataset gets each wrong value
in its turn, groups and types are exchanged, edges are bent, bytes are lost.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import nir

from tests.campaign.nir_files import Change, Edit, graphs
from tests.campaign.nir_structure import graph_changes
from tests.campaign.nir_values import type_changes, value_changes
from tests.campaign.trial import OUTPUT, Trial, Wanted

IMPORTS = ("sterna.families.spiking.import_nir", "sterna.families.steps.run",
           "sterna.families.steps.verify", "sterna.families.steps.board")
NAME = "net"
FILE = f"{NAME}.nir"
COMMANDS = (["import", FILE, "-o", OUTPUT], ["run", FILE, "--steps", "5", "-o", f"{OUTPUT}.npz"],
            ["verify", FILE, "--steps", "3", "--device", "emulator"],
            ["estimate", FILE, "--board", "ulx3s-85f"])


def changes(graph: Any, path: Path) -> list[Change]:
    """All of a graph: of every dataset of every node, of every node's group."""
    nir.write(path, graph)
    found: list[Change] = []

    def visit(place: str, item: Any) -> None:
        if isinstance(item, h5py.Group) and "type" in item:
            found.extend(type_changes(f"node/{place}"))
        if isinstance(item, h5py.Dataset) and not place.endswith(("type", "edges")):
            found.extend(value_changes(f"node/{place}", item[()]))

    with h5py.File(path) as file:
        file["node"].visititems(visit)
    return found


def trials(draw: random.Random) -> Iterator[Trial]:
    """The graphs as they are, then every change once in any order, then damaged bytes."""
    kinds = graphs()
    for kind, graph in kinds.items():
        for command in COMMANDS:
            yield _trial(f"{kind} as it is", graph, command, lambda file: None, Wanted.TAKEN)
    with tempfile.TemporaryDirectory() as folder:
        every = [(kind, change) for kind, graph in kinds.items()
                 for change in changes(graph, Path(folder) / FILE)]
    every += [("LIF", change) for change in graph_changes()]
    draw.shuffle(every)
    for kind, change in every:
        yield _trial(f"{kind}: {change.name}", kinds[kind], draw.choice(COMMANDS), change.edit,
                     change.wanted, change.where)
    while True:
        kind = draw.choice(sorted(kinds))
        yield _damaged(f"{kind}: damaged bytes", kinds[kind], draw.choice(COMMANDS), draw.random())


def _trial(name: str, graph: Any, command: list[str], edit: Edit, wanted: Wanted,
           where: tuple[str, ...] = ()) -> Trial:
    def prepare(folder: Path) -> list[str]:
        nir.write(folder / FILE, graph)
        with h5py.File(folder / FILE, "a") as file:
            edit(file)
        return command

    return Trial(f"{name} ({command[0]})", prepare, wanted,
                 () if wanted is Wanted.TAKEN else (NAME, *where))


def _damaged(name: str, graph: Any, command: list[str], seed: float) -> Trial:
    def prepare(folder: Path) -> list[str]:
        path, choose = folder / FILE, random.Random(seed)
        nir.write(path, graph)
        data = bytearray(path.read_bytes())
        if choose.random() < 0.2:
            del data[choose.randrange(len(data)):]
        for _ in range(choose.randrange(1, 4) if data else 0):
            data[choose.randrange(len(data))] = choose.randrange(256)
        path.write_bytes(data)
        return command

    return Trial(f"{name} {seed} ({command[0]})", prepare, Wanted.EITHER, (NAME,))
