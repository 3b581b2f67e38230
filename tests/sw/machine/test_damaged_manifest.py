"""Sealed files whose manifest is none: every field missing and of every wrong kind, one line."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sterna.compiler import compile_program, fit_machine
from sterna.errors import InputError
from sterna.machine.container import read_container, write_container
from sterna.machine.host_side import HostSide
from sterna.machine.image import MemoryImage
from sterna.machine.presets import token_machine
from sterna.machine.snapshot import Snapshot, State

from tests.sw.compiler.programs import simple_program
from tests.sw.machine.test_damaged_json import at, places

WRONG: tuple[Any, ...] = (None, "x", True, -1, 0, 1.5, 10**30, float("nan"), [], [1], {}, {"a": 1})
BASE = token_machine(rows=4, columns=8, vector_lanes=2)


def write_image(path: Path) -> None:
    program = simple_program()
    image = compile_program(program, fit_machine(program, BASE, "host"), "host")
    host = HostSide("text", {"begin": 1, "ends": [2]}, {"tokenizer.json": b"{}"})
    replace(image, host=host).save(path)


def write_snapshot(path: Path) -> None:
    Snapshot(model="m", program="p", state=State(3, {"x": np.arange(4)})).save(path)


FILES = {"image": (write_image, MemoryImage.load), "snapshot": (write_snapshot, Snapshot.load)}
FREE = {"model", "word_bytes", "words", "facts", "kept", "program", "laws", "shapes", "seed",
        "drawn", "position", "rows", "row_groups", "chained", "host", "entries"}
"""What may be another value, or is not read by `load`."""


@pytest.mark.parametrize("kind", FILES)
def test_every_field(tmp_path: Path, kind: str) -> None:
    write, load = FILES[kind]
    path = tmp_path / "file"
    write(path)
    load(path)
    parts, manifest = read_container(path)
    parts = {name: np.array(part) for name, part in parts.items()}
    path.unlink()
    refused = 0
    for way in list(places(manifest)):
        for wrong in (*WRONG, "missing"):
            changed = deepcopy(manifest)
            owner = at(changed, way[:-1])
            if wrong == "missing":
                del owner[way[-1]]
            else:
                owner[way[-1]] = wrong
            write_container(path, {name: [part] for name, part in parts.items()}, changed)
            try:
                load(path)
            except InputError as error:
                assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
                refused += 1
            else:
                assert way[0] in FREE or wrong == at(manifest, way), (way, wrong)
    assert refused > 50


@pytest.mark.parametrize("text", [b"[" * 100_000, b"null", b"[]", b"{}", b'{"parts": 3}', b"\xff",
                                  b'{"parts": {"a": {"offset": -1, "length": 5}}}',
                                  b'{"parts": {"a": {"offset": 0, "length": 1e9}}}',
                                  b'{"parts": {"a": {"offset": 12, "length": 99999999999999}}}',
                                  b'{"parts": {"a": null}}', b'{"parts": {"a": {}}}'])
@pytest.mark.parametrize("kind", FILES)
def test_manifests_that_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, text: bytes
) -> None:
    path = tmp_path / "file"
    class Text(str):
        def encode(self, *_: object) -> bytes:
            return text

    monkeypatch.setattr("sterna.machine.container.json.dumps", lambda *_, **__: Text())
    write_container(path, {}, {})
    monkeypatch.undo()
    with pytest.raises(InputError) as caught:
        FILES[kind][1](path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)
