"""Files of arrays: numpy reads them, and nothing but such a file is replaced."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.files.arrays import check_file, save_arrays

ARRAYS = {"out": np.arange(6).reshape(2, 3), "file": np.array([0.5]), "a.b": np.zeros((0, 2))}


def test_numpy_reads_what_is_written(tmp_path: Path) -> None:
    for arrays in (ARRAYS, {"other": np.ones(3)}):
        save_arrays(tmp_path / "out.npz", arrays)
        with np.load(tmp_path / "out.npz") as found:
            assert set(found) == set(arrays)
            for name, values in arrays.items():
                np.testing.assert_array_equal(found[name], values)
                assert found[name].dtype == values.dtype
    assert os.listdir(tmp_path) == ["out.npz"]


def foreign_archive(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, values=np.ones(2))


@pytest.mark.parametrize(("make", "message"), [
    (lambda path: path.write_text("a thesis"), "is there already"),
    (foreign_archive, "is there already, and not a file of arrays that Sterna wrote"),
    (lambda path: path.write_bytes(b""), "is there already"),
    (Path.mkdir, "is a folder"),
    (lambda path: path.symlink_to(os.devnull), "is there already"),
])
def test_anything_else_is_refused(tmp_path: Path, make, message: str) -> None:
    path = tmp_path / "out.npz"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(InputError, match=message):
        save_arrays(path, ARRAYS)
    assert os.listdir(tmp_path) == ["out.npz"]
    assert before is None or path.read_bytes() == before


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written .there is no folder"):
        save_arrays(tmp_path / "nowhere" / "out.npz", ARRAYS)


def test_a_source_is_never_replaced(tmp_path: Path) -> None:
    source = tmp_path / "frames.npz"
    save_arrays(source, ARRAYS)
    (tmp_path / "soft").symlink_to(source)
    (tmp_path / "hard").hardlink_to(source)
    for name in ("frames.npz", "soft", "hard"):
        with pytest.raises(InputError, match="would replace .*frames.npz, which is read"):
            check_file(tmp_path / name, [source])


def test_nothing_is_left_of_a_failed_writing(tmp_path: Path) -> None:
    save_arrays(tmp_path / "out.npz", ARRAYS)
    before = (tmp_path / "out.npz").read_bytes()
    with pytest.raises(ValueError, match="pickle"):
        save_arrays(tmp_path / "out.npz", {"a": np.ones(2), "b": np.array([object()])})
    assert os.listdir(tmp_path) == ["out.npz"] and (tmp_path / "out.npz").read_bytes() == before


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link.npz").symlink_to("out.npz")
    save_arrays(tmp_path / "link.npz", ARRAYS)
    save_arrays(tmp_path / "link.npz", ARRAYS)
    assert (tmp_path / "link.npz").is_symlink() and (tmp_path / "out.npz").is_file()
