"""Snapshots as files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.law import digest as law
from sterna.machine.container import read_container, write_container
from sterna.machine.image import MemoryImage
from sterna.machine.snapshot import Snapshot, State, check_target

from tests.sim.shapes import random_program
from tests.sw.snapshots import image_of

SNAPSHOT = Snapshot(
    model="tern", program="ab" * 32, machine=0xFEDC_BA98_7654_3210, seed=7, drawn=1 << 40,
    facts={"pending": [3]},
    state=State(12, {"layer[0].h": np.array([1, -131071, 0]),
                     "x.past": np.array([[-1, 127], [0, 5]])}))


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "tern.state"
    for given in (SNAPSHOT, replace(SNAPSHOT, machine=None, state=State(0, {}))):
        given.save(path)  # the second replaces the first
        found = Snapshot.load(path)
        assert replace(found, state=given.state) == given
        assert found.state.position == given.state.position
        assert list(found.state.values) == list(given.state.values)
        for name, value in given.state.values.items():
            assert np.array_equal(found.state.values[name], value)
        found.check(path, "tern", "ab" * 32)
    assert list(tmp_path.iterdir()) == [path]


def test_a_foreign_one_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tern.state"
    SNAPSHOT.save(path)
    with pytest.raises(InputError, match=(
            r"tern\.state: is a snapshot of tern \(program abababababababab\), not of gull "
            r"\(program cdcdcdcdcdcdcdcd\); give the model that it was taken of")):
        Snapshot.load(path).check(path, "gull", "cd" * 32)
    law.laws_digest.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(law, "EDITION", 999)
        with pytest.raises(InputError, match=r"tern\.state: was taken under other laws"):
            Snapshot.load(path).check(path, "tern", "ab" * 32)
    law.laws_digest.cache_clear()


def test_every_constant_of_a_law_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    found = set()
    for module, name in ((None, ""), (law.arithmetic, "TABLE_SHIFT"), (law.neuron, "MAX_COUNT"),
                         (law.arithmetic, "RSQRT_ODD_TABLE"), (law, "EDITION")):
        law.laws_digest.cache_clear()
        with monkeypatch.context() as patch:
            if module is not None:
                patch.setattr(module, name, 1001)
            found.add(law.laws_digest())
    law.laws_digest.cache_clear()
    assert len(found) == 5


def test_other_files_and_other_versions(tmp_path: Path) -> None:
    path, image = tmp_path / "tern.state", tmp_path / "image.sterna"
    SNAPSHOT.save(path)
    image_of(random_program(24, 2, 40, 61)).save(image)
    with pytest.raises(InputError, match=r"image\.sterna: is a memory image, not a snapshot"):
        Snapshot.load(image)
    with pytest.raises(InputError, match=r"tern\.state: is a snapshot, not a memory image"):
        MemoryImage.load(path)
    parts, manifest = read_container(path, "snapshot")
    write_container(path, {name: [part] for name, part in parts.items()}, manifest | {
        "snapshot": 2})
    with pytest.raises(InputError, match="is a snapshot of version 2, this Sterna reads 1"):
        Snapshot.load(path)
    path.write_bytes(b"a novel")
    with pytest.raises(InputError, match=r"tern\.state: truncated or damaged; make the snapshot"):
        Snapshot.load(path)
    with pytest.raises(InputError, match=r"none: file not found"):
        Snapshot.load(tmp_path / "none")


@pytest.mark.parametrize("place", [10, 30, -60, -3])
def test_damage_is_found(tmp_path: Path, place: int) -> None:
    path = tmp_path / "tern.state"
    SNAPSHOT.save(path)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"tern\.state: "):
        Snapshot.load(path)
    path.write_bytes(data[:-20])
    with pytest.raises(InputError, match=r"tern\.state: "):
        Snapshot.load(path)


def test_nothing_else_is_replaced(tmp_path: Path) -> None:
    book = tmp_path / "book"
    book.write_text("once")
    with pytest.raises(InputError, match="book: is there already, and is no snapshot"):
        SNAPSHOT.save(book)
    assert book.read_text() == "once"
    with pytest.raises(InputError, match="is a folder; name a file"):
        check_target(tmp_path)
    with pytest.raises(InputError, match="cannot be written .there is no folder"):
        check_target(tmp_path / "none" / "file")


def test_an_image_says_what_is_kept_and_of_which_program(tmp_path: Path) -> None:
    image = image_of(random_program(24, 2, 40, 61))
    image.save(tmp_path / "image.sterna")
    found = MemoryImage.load(tmp_path / "image.sterna")
    assert found.kept == image.kept and len(found.kept) == 2
    assert found.program is not None and image.program is not None
    assert found.program() == image.program()
