"""Files of frames and of events, read a block at a time."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.spiking import array_file, event_file, input_file
from sterna.families.spiking.codes import encode, encode_blocks, fraction_for, fractions_for
from sterna.families.spiking.input_file import MOST_VALUES, open_input
from sterna.progress import Report


class Told(Report):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int]] = []

    def __call__(self, step: str, done: int, parts: int) -> None:
        self.steps.append((step, done, parts))


def read(path: Path, inputs: int) -> np.ndarray:
    return np.concatenate(list(open_input(path, inputs).blocks()))


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps of three inputs a block."""
    monkeypatch.setattr(input_file, "BLOCK_VALUES", 6)


@pytest.mark.usefixtures("small_blocks")
def test_frames_and_events_give_the_same(tmp_path: Path) -> None:
    """In blocks; in any order of lines and of columns."""
    frames = np.zeros((5, 3))
    frames[1, 2], frames[3, 0], frames[4, 1] = 2, -1, 0.5
    np.save(tmp_path / "frames.npy", frames)
    np.save(tmp_path / "columns.npy", np.asfortranarray(frames))
    np.savez_compressed(tmp_path / "frames.npz", frames=frames, other=frames[:1])
    np.savez(tmp_path / "columns.npz", any=np.asfortranarray(frames))
    (tmp_path / "events.txt").write_text("1,2\n3,0,-1\n1 2  # twice\n\n4,1,0.5\n")
    (tmp_path / "turned.txt").write_text("\ufeff4,1,.5\r\n3,0,-1\r\n1,2\r\n1,2\r\n")
    for name in ("frames.npy", "columns.npy", "frames.npz", "columns.npz", "events.txt",
                 "turned.txt"):
        file = open_input(tmp_path / name, 3)
        assert file.shape == (5, 1, 3) and [len(block) for block in file.blocks()] == [2, 2, 1]
        assert np.array_equal(read(tmp_path / name, 3)[:, 0], frames)


def test_codes_of_blocks_are_those_of_the_whole() -> None:
    generator = np.random.default_rng(0)
    for scale, digits in ((1, 0), (4, 2), (300, 1), (1, 9)):
        values = np.round(generator.uniform(-scale, scale, (9, 2, 3)), digits)
        blocks = [values[first:first + 2] for first in range(0, 9, 2)]
        assert fractions_for(blocks).best == fraction_for(values)
        for fraction in (-2, 0, 3, 8):
            found, whole = encode_blocks(blocks, values.shape, fraction), encode(values, fraction)
            assert np.array_equal(found.codes, whole.codes) and found.codes.itemsize == 1
            assert found.summary() == whole.summary() and found.exact == whole.exact
            assert (fraction in fractions_for(blocks).exact) == whole.exact


def swelling(path: Path, shape: tuple[int, ...], count: int, order: bool = False) -> None:
    """An archive of zeros, of which `count` bytes are there."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("frames.npy", "w", force_zip64=True) as file:
            np.lib.format.write_array_header_1_0(
                file, {"descr": "|u1", "fortran_order": order, "shape": shape})
            for _ in range(count >> 20):
                file.write(bytes(1 << 20))
            file.write(bytes(count % (1 << 20)))


def test_what_an_archive_unpacks_to_is_never_in_memory(tmp_path: Path) -> None:
    """64 million values, half a gigabyte in double precision, from 300 kB: codes and a block."""
    steps, told = 1 << 23, Told()
    swelling(tmp_path / "long.npz", (steps, 8), steps * 8)
    file = open_input(tmp_path / "long.npz", 8)
    tracemalloc.start()
    encoded = encode_blocks(file.blocks(told), file.shape, 0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert encoded.codes.nbytes == steps * 8 and not encoded.codes.any()
    assert peak < steps * 8 + 80 * (1 << 20)
    assert told.steps[-1] == ("reading long.npz", steps, steps) and len(told.steps) > 30


@pytest.mark.parametrize(("shape", "count", "order", "message"), [
    ((1 << 40, 12), 12, False, r"give at most \d+ steps a file"),
    ((MOST_VALUES // 12 + 1, 12), 12, False, r"give at most \d+ steps a file"),
    ((12, 1 << 40), 12, False, r"the network takes \[steps, 12\]"),
    ((1 << 40,), 12, False, "frames of shape"),
    ((1 << 10, 12), 12 << 9, False, "is damaged or holds no arrays .it ends within its array"),
    ((1 << 10, 12), 12 << 11, False, "is damaged or holds no arrays .it goes on after its array"),
    ((1 << 10, 12), 12 << 9, True, "is damaged or holds no arrays .it ends within its array"),
])
def test_a_header_is_not_believed(
    tmp_path: Path, shape: tuple[int, ...], count: int, order: bool, message: str
) -> None:
    swelling(tmp_path / "frames.npz", shape, count, order)
    with pytest.raises(InputError, match=message):
        read(tmp_path / "frames.npz", 12)


def test_columns_of_a_large_array(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_file, "MOST_TURNED", 20)
    swelling(tmp_path / "frames.npz", (3, 7), 21, True)
    with pytest.raises(InputError, match="save np.ascontiguousarray of it"):
        read(tmp_path / "frames.npz", 7)


def test_events_are_told_and_have_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps in the millions take what their events take."""
    path, told = tmp_path / "events.txt", Told()
    path.write_text("".join(f"{step},1\n" for step in range(0, 3_000_000, 15)))
    tracemalloc.start()
    file = open_input(path, 12, told)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert file.shape == (2_999_986, 1, 12) and peak < 20 << 20
    assert sum(int(block.sum()) for block in file.blocks()) == 200_000
    assert [step for step, _, _ in told.steps] == ["reading events.txt"] * 3
    assert 0 < told.steps[0][1] < told.steps[-1][1] <= told.steps[-1][2] == path.stat().st_size
    monkeypatch.setattr(event_file, "MOST_EVENTS", 9)
    with pytest.raises(InputError, match=r"line 10: give at most 9 events a file"):
        open_input(path, 12)


@pytest.mark.parametrize("line", [
    "1_0,2", "1,2,1_0", "١,2", "1,2,٣", "0x1,2", "1,\x002", "9" * 19 + ",1", "1,2,1e400", "1,2,nan",
    "1", ",3", "a,b", "1.5,2", "1,2,3,4", "--1,2", "1,2,x", "1,+-2",
])
def test_lines_that_are_no_events(tmp_path: Path, line: str) -> None:
    path = tmp_path / "events.txt"
    path.write_text(f"0,1\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"line 2: not step,address or with a value"):
        read(path, 12)


@pytest.mark.parametrize(("data", "message"), [
    (b"0,1\n1,2," + b"1" * 5000, "line 2: is longer than 4096 letters"),
    (b"0,1\n%d,0\n" % 10**15, r"line 2: step \d+ of 12 inputs; give at most \d+ steps a file"),
    (b"1,2,1e308\n1,2,1e308\n", "frames must be finite real numbers"),
    (b"\xff\xfe", "is no text"), (b"", "holds no events"), (b"# 1,2\n", "holds no events"),
    (b"\0" * 9, "line 1: not step,address"), (b"0,12\n", "addresses end at 11"),
    (b"-1,0\n", "steps begin at 0"),
])
def test_files_that_are_no_events(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "events.txt").write_bytes(data)
    with pytest.raises(InputError, match=message):
        read(tmp_path / "events.txt", 12)


def saved(path: Path, *arrays: Any) -> None:
    with path.open("wb") as file:
        for item in arrays:
            np.save(file, item)


def test_refusals(tmp_path: Path) -> None:
    """Damaged archives, other shapes, other things than arrays of numbers."""
    good = np.ones((40, 3))
    np.savez_compressed(tmp_path / "good.npz", frames=good)
    whole = (tmp_path / "good.npz").read_bytes()
    (tmp_path / "short.npz").write_bytes(whole[:60])
    (tmp_path / "flipped.npz").write_bytes(whole[:60] + b"\xff" * 20 + whole[80:])
    saved(tmp_path / "two.npy", good, good)
    saved(tmp_path / "short.npy", good)
    (tmp_path / "short.npy").write_bytes((tmp_path / "short.npy").read_bytes()[:-1])
    for name in ("short.npz", "flipped.npz", "two.npy", "short.npy"):
        with pytest.raises(InputError, match="is damaged or holds no arrays"):
            read(tmp_path / name, 3)
    with pytest.raises(InputError, match=r"the network takes \[steps, 4\]"):
        read(tmp_path / "good.npz", 4)
    np.savez(tmp_path / "some.npz", a=good, b=good)
    with pytest.raises(InputError, match="holds a, b; name one of them frames"):
        read(tmp_path / "some.npz", 3)
    zipfile.ZipFile(tmp_path / "none.npz", "w").close()
    with pytest.raises(InputError, match="holds no array of numpy"):
        read(tmp_path / "none.npz", 3)
    for wrong in (good + 1j, good.astype("U3"), good.astype("M8[s]"), good.astype(object)):
        np.savez(tmp_path / "kind.npz", frames=wrong)
        with pytest.raises(InputError, match="must be finite real numbers"):
            read(tmp_path / "kind.npz", 3)
