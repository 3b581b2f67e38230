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
           "sterna.families.steps.verify", "sterna.families.on_board")
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


OPTIONS = [
    *(["--dt", value] for value in ("nan", "inf", "-1", "0", "1e-320", "1e-30", "1e-9", "0.1",
                                    "1e300", "1e400", "1_0", "", "x")),
    *(["--neuron", value] for value in (
        "floor=1e39", "floor=-1e30", "v_reset=1e300", "v_reset=-1", "increment=1e30",
        "increment=-1", "adaptation_factor=1e30", "adaptation_factor=0.5", "max_count=0",
        "max_count=3", "max_count=1e3", "refractory=1000000000", "refractory=3", "=", "x.=1",
        ".reset=hard", "nope.reset=hard", "x.reset=soft", "decay=exponential", "decay=none",
        "gain=unit", "gain=normalised", "gain=decayed", "start=reset", "start=zero", "count=1",
        "rounding=zero", "refractory_hold=maybe", "tau=1")),
    *(["--reset", value] for value in ("", "=", "x=", "=hard", "x=never", "x=soft_late", "none",
                                       "zero", "clear_late", "soft_once", "in=hard")),
    *(["--current", value] for value in ("", "new", "old", "jump", "older")),
    *(["--compare", value] for value in ("", ">", ">=", "<")),
    *(["--producer", value] for value in (
        "snntorch", "spikingjelly", "norse", "sinabs", "rockpool", "spyx", "lava", "nir", "", "x")),
]
"""What a user chooses of the reading; many of them fit no graph."""


def trials(draw: random.Random) -> Iterator[Trial]:
    """The graphs as they are, then every change and option once in any order, then damaged bytes.

    A sixth of the trials before are of damaged bytes, too.
    """
    kinds = graphs()
    for kind, graph in kinds.items():
        for command in COMMANDS:
            yield _trial(f"{kind} as it is", graph, command, lambda file: None, Wanted.TAKEN)
    with tempfile.TemporaryDirectory() as folder:
        every = [(kind, change) for kind, graph in kinds.items()
                 for change in changes(graph, Path(folder) / FILE)]
    every += [("LIF", change) for change in graph_changes()]
    made = [_trial(f"{kind}: {change.name}", kinds[kind], draw.choice(COMMANDS), change.edit,
                   change.wanted, change.where) for kind, change in every]
    made += [_trial(f"{kind} {' '.join(words)}", graph, [*draw.choice(COMMANDS[:3]), *words],
                    lambda file: None, Wanted.EITHER, named=False)
             for kind, graph in kinds.items() for words in OPTIONS]
    draw.shuffle(made)
    damaged = _damaged(kinds, draw)
    for trial in made:
        yield trial
        if draw.random() < 1 / 6:
            yield next(damaged)
    yield from damaged


def _trial(name: str, graph: Any, command: list[str], edit: Edit, wanted: Wanted,
           where: tuple[str, ...] = (), named: bool = True) -> Trial:
    def prepare(folder: Path) -> list[str]:
        nir.write(folder / FILE, graph)
        with h5py.File(folder / FILE, "a") as file:
            edit(file)
        return command

    names = (NAME, *where) if named and wanted is not Wanted.TAKEN else ()
    return Trial(f"{name} ({command[0]})", prepare, wanted, names)


def _damaged(kinds: dict[str, Any], draw: random.Random) -> Iterator[Trial]:
    while True:
        kind, seed, command = draw.choice(sorted(kinds)), draw.random(), draw.choice(COMMANDS)

        def prepare(folder: Path, kind: str = kind, seed: float = seed,
                    command: list[str] = command) -> list[str]:
            path, choose = folder / FILE, random.Random(seed)
            nir.write(path, kinds[kind])
            data = bytearray(path.read_bytes())
            if choose.random() < 0.2:
                del data[choose.randrange(len(data)):]
            for _ in range(choose.randrange(1, 4) if data else 0):
                data[choose.randrange(len(data))] = choose.randrange(256)
            path.write_bytes(data)
            return command

        yield Trial(f"{kind}: damaged bytes {seed} ({command[0]})", prepare, Wanted.EITHER, (NAME,))
