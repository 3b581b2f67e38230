"""Snapshots: what a model has kept after some RUNs, as a file that any machine goes on from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.law.digest import laws_digest
from sterna.machine.container import check_fields, read_container, write_container
from sterna.reading import require_possible

SNAPSHOT = "snapshot"
"""In the manifest: the version of the format."""
VERSION = 1

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class State:
    """What one stream of RUNs has kept: integers by the names of the program, after ``position``
    RUNs since its reset; ``machine`` is the digest of that which has, None for the golden."""

    position: int
    values: Mapping[str, Integers] = field(repr=False)
    machine: int | None = None


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A `State` with all that names where it is from.

    Values are the integers of the program (`sterna.golden.state.State`), which are the same on
    every machine: one that was taken on a machine may go on on another one, the golden included, if
    ``program`` (`sterna.program.digest`) and ``laws`` (`sterna.law.digest`) are the same.
    ``machine`` is the digest of that on which it was taken, None for the golden. ``drawn`` numbers
    of a generator with ``seed`` were used, of which the law of sampling needs none.
    ``facts`` is what else the host needs to go on.
    """

    model: str
    program: str
    state: State
    machine: int | None = None
    seed: int = 0
    drawn: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    laws: str = field(default_factory=laws_digest)

    def save(self, path: Path) -> None:
        """Write it as one file, which appears when it is whole. Raises `InputError`."""
        check_target(path)
        values = self.state.values
        write_container(
            path,
            {name: [np.ascontiguousarray(value, "<i8").view(np.uint8).reshape(-1)]
             for name, value in values.items()},
            {SNAPSHOT: VERSION, "model": self.model, "program": self.program, "laws": self.laws,
             "machine": None if self.machine is None else f"{self.machine:016x}",
             "position": self.state.position, "seed": self.seed, "drawn": self.drawn,
             "facts": dict(self.facts),
             "shapes": {name: list(value.shape) for name, value in values.items()}})

    @classmethod
    def load(cls, path: Path) -> Snapshot:
        """Read and check a file. Raises `InputError` naming it, for one that is none too."""
        parts, manifest = read_container(path, SNAPSHOT)
        version = manifest.get(SNAPSHOT)
        if version is None:
            raise InputError(f"{path}: is a memory image, not a snapshot; give what --save wrote")
        if version != VERSION:
            raise InputError(f"{path}: is a snapshot of version {version!r}, this Sterna reads "
                             f"{VERSION}; take it again: sterna run --save")
        try:
            check_fields(manifest, {"model": str, "program": str, "laws": str, "seed": int,
                                    "drawn": int, "facts": dict, "position": int, "shapes": dict})
            machine = manifest["machine"]
            return cls(
                model=manifest["model"], program=manifest["program"], laws=manifest["laws"],
                machine=None if machine is None else int(machine, 16),
                seed=manifest["seed"], drawn=manifest["drawn"], facts=manifest["facts"],
                state=State(manifest["position"], {
                    name: parts[name].view("<i8").reshape(shape).astype(np.int64)
                    for name, shape in manifest["shapes"].items()}))
        except (KeyError, TypeError, ValueError):
            raise InputError(f"{path}: its manifest is not one of a Sterna snapshot; take it "
                             "again: sterna run --save") from None

    def check(self, path: Path, model: str, program: str) -> None:
        """Raise `InputError` naming the file unless it is of this program, and of these laws."""
        if self.program != program:
            raise InputError(
                f"{path}: is a snapshot of {self.model} (program {self.program[:16]}), not of "
                f"{model} (program {program[:16]}); give the model that it was taken of")
        if self.laws != laws_digest():
            raise InputError(
                f"{path}: was taken under other laws ({self.laws[:16]}, here {laws_digest()[:16]})"
                "; go on with the Sterna that wrote it, or begin again")


def check_target(path: Path) -> None:
    """Raise `InputError` where a snapshot cannot be written, or would replace something else."""
    require_possible(path)
    place = Path(os.path.realpath(path))
    if os.path.isdir(place):
        raise InputError(f"{path}: is a folder; name a file")
    if not os.path.isdir(place.parent):
        raise InputError(f"{path}: cannot be written (there is no folder {path.parent})")
    if os.path.lexists(place):
        try:
            Snapshot.load(place)
        except InputError:
            raise InputError(f"{path}: is there already, and is no snapshot; name another file, or "
                             "remove this one yourself") from None
