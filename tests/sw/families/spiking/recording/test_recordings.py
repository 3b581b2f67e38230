"""Recordings of every format give the same frames, a stream at a time; samples with labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.spiking import input_file
from sterna.families.spiking.input_file import open_input
from sterna.families.spiking.labelled import open_labelled
from sterna.families.spiking.recording import binning, text
from sterna.families.spiking.recording.binning import Binning, Sensor

AEDAT4 = Path(__file__).parents[3] / "formats" / "aedat4" / "lz4.aedat4"
SENSOR, INPUTS = Sensor(16, 12), 2 * 16 * 12
K = np.arange(60)
MICROSECONDS, X, Y, ON = 137 * K, 7 * K % 16, 5 * K % 12, K % 3 == 0
"""As in the file."""


def expected(step: int = 1000, tell: bool = True) -> np.ndarray:
    """Frames of so many microseconds."""
    frames = np.zeros((int(MICROSECONDS[-1]) // step + 1, INPUTS if tell else INPUTS // 2))
    np.add.at(frames, (MICROSECONDS // step, (ON * 12 * tell + Y) * 16 + X), 1)
    return frames


def read(path: Path, inputs: int = INPUTS, **chosen: Any) -> np.ndarray:
    file = open_input(path, inputs, binning=Binning(**{"step": 0.001, **chosen}))
    blocks = list(file.blocks())
    assert sum(map(len, blocks)) == file.shape[0]
    return np.concatenate(blocks)


def write_bin(path: Path, times: np.ndarray, x: np.ndarray, y: np.ndarray, on: np.ndarray) -> None:
    """As N-MNIST: times beyond 8,192 microseconds begin again behind an event of row 240."""
    rows, carried = [], 0
    for t, column, row, brighter in zip(times.tolist(), x, y, on, strict=True):
        while t - carried >= 1 << 13:
            rows.append((0, 240, 0, 0, 0))
            carried += 1 << 13
        t -= carried
        rows.append((column, row, int(brighter) << 7 | t >> 16, t >> 8 & 255, t & 255))
    np.array(rows, np.uint8).tofile(path)


def write_shd(path: Path, samples: list[tuple[Any, Any]], labels: list[int]) -> None:
    with h5py.File(path, "w") as file:
        times = file.create_dataset("spikes/times", (len(samples),), h5py.vlen_dtype(np.float64))
        units = file.create_dataset("spikes/units", (len(samples),), h5py.vlen_dtype(np.uint16))
        for place, (time, unit) in enumerate(samples):
            times[place], units[place] = np.array(time, float), np.array(unit, np.uint16)
        file["labels"] = np.array(labels, np.uint16)


@pytest.mark.parametrize("block", [1, 3 * INPUTS, 1 << 20])
def test_every_format_gives_the_same_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    """In blocks and chunks of any size; with both polarities, or without."""
    monkeypatch.setattr(input_file, "BLOCK_VALUES", block)
    monkeypatch.setattr(text, "_LINES", 7)
    write_bin(tmp_path / "one.bin", MICROSECONDS, X, Y, ON)
    lines = [f"{t} {x} {y} {int(p)}" for t, x, y, p in zip(MICROSECONDS, X, Y, ON, strict=True)]
    (tmp_path / "whole.txt").write_text("# t x y p\n" + "\n".join(lines))
    (tmp_path / "seconds.csv").write_text("\n".join(
        f"{(t + 5e6) / 1e6:.6f}, {x}, {y}, {1 if p else -1}"
        for t, x, y, p in zip(MICROSECONDS, X, Y, ON, strict=True)))
    (tmp_path / "turned.txt").write_text("\n".join(reversed(lines)))
    (tmp_path / "channels.txt").write_text("\n".join(
        f"{t / 1e6:.6f},{(p * 12 + y) * 16 + x}"
        for t, x, y, p in zip(MICROSECONDS, X, Y, ON, strict=True)))
    for path in (AEDAT4, *sorted(tmp_path.iterdir())):
        for step in (1000, 250):
            found = read(path, step=step * 1e-6, sensor=SENSOR)
            assert np.array_equal(found[:, 0], expected(step)), path
        if path.name != "channels.txt":
            found = read(path, INPUTS // 2, sensor=SENSOR)
            assert np.array_equal(found[:, 0], expected(tell=False)), path
    assert np.array_equal(read(AEDAT4)[:, 0], expected())  # which knows its sensor


def test_a_recording_of_channels_begins_at_0(tmp_path: Path) -> None:
    (tmp_path / "late.txt").write_text("0.0021 1\n0.0024 1\n5e-3 0\n")
    assert np.argwhere(read(tmp_path / "late.txt", 2)[:, 0]).tolist() == [[2, 1], [5, 0]]
    write_shd(tmp_path / "two.h5", [([0.0021, 0.005], [1, 0]), ([0.001], [1])], [1, 0])
    assert np.argwhere(read(tmp_path / "two.h5", 2)).tolist() == [[2, 0, 1], [5, 0, 0]]
    assert read(tmp_path / "two.h5", 2, samples=2).shape == (6, 2, 2)


def test_samples_with_labels(tmp_path: Path) -> None:
    """SHD's file, and a folder a class, whose samples come by turns."""
    for label, start in ((3, 0), (3, 5), (0, 20)):
        (tmp_path / "set" / str(label)).mkdir(parents=True, exist_ok=True)
        kept = slice(start, start + 10)
        write_bin(tmp_path / "set" / str(label) / f"{start:05}.bin", MICROSECONDS[kept], X[kept],
                  Y[kept], ON[kept])
    found = open_labelled(tmp_path / "set", 2312, 4, Binning(0.0005))
    assert found.labels.tolist() == [0, 3, 3] and found.inputs.shape == (3, 3, 2312)
    frames = np.concatenate(list(found.inputs.blocks()))
    assert frames.sum((0, 2)).tolist() == [10, 10, 10]
    assert frames[0, 1, (34 + Y[0]) * 34 + X[0]] == 1
    few = open_labelled(tmp_path / "set", 2312, 4, Binning(0.0005, samples=2))
    assert few.labels.tolist() == [0, 3]
    write_shd(tmp_path / "shd.h5", [([0.1], [3]), ([], []), ([0.2, 0.2], [1, 1])], [1, 0, 2])
    digits = open_labelled(tmp_path / "shd.h5", 4, 3, Binning(0.1))
    assert digits.labels.tolist() == [1, 0, 2] and digits.inputs.shape == (3, 3, 4)
    assert np.argwhere(np.concatenate(list(digits.inputs.blocks()))).tolist() == [
        [1, 0, 3], [2, 2, 1]]


def _bin(path: Path) -> None:
    write_bin(path, MICROSECONDS, X, Y, ON)


@pytest.mark.parametrize(("name", "data", "chosen", "message"), [
    ("a.bin", _bin, {"sensor": SENSOR, "step": None}, "holds times; give --dt"),
    ("a.bin", _bin, {"sensor": SENSOR, "step": 1e-10}, "a step of 1e-10 s; it must be a nanosec"),
    ("a.bin", _bin, {}, "events of 34x34 pixels are 2312 inputs, or 1156 without polarity; the "
                        "network takes 384, see --sensor"),
    ("a.bin", _bin, {"sensor": Sensor(12, 16)}, "an event at column 14, row 10 of 12x16 pixels"),
    ("a.bin", _bin, {"sensor": SENSOR, "step": 1e-9}, "8083001 steps of 1e-09 s of 384 inputs; "),
    ("a.bin", b"123456", {"sensor": SENSOR}, "has 6 bytes; the events of N-MNIST have 5 each"),
    ("a.bin", b"", {"sensor": SENSOR}, "holds no events"),
    ("a.txt", b"0.1 2 3 1\n", {}, "holds columns and rows; give --sensor, such as 128x128"),
    ("a.txt", b"0.1 2 3 1\n0.2 4 1\n", {"sensor": SENSOR},
     "line 2: not time column row polarity, as the first is"),
    ("a.txt", b"0.1 2\n-0.1 2\n", {}, "line 2: not time input, as the first is"),
    ("a.txt", b"0.1 2\n1e99 2\n", {}, "an event at 2.3"),
    ("a.txt", b"0.1 2\n.2 384\n", {}, "line 2: not time input"),
    ("a.txt", b"0.1 2\n0.2 384\n", {}, "an event at input 384; inputs end at 383"),
    ("a.txt", b"1 2\n", {"only": True}, "has no times to be binned"),
    ("a.aedat", b"", {}, "is AEDAT of a version before 4; give AEDAT 4"),
    ("a.raw", b"", {}, "is a Prophesee recording; give AEDAT 4"),
    ("a.h5", b"123", {}, "is damaged or holds no samples .*; give spikes/times and spikes/units"),
    ("a.h5", lambda path: write_shd(path, [([0.1], [400])], [0]), {}, "sample 0: units 400 to 400"),
    ("a.h5", lambda path: write_shd(path, [([-1], [4])], [0]), {}, "sample 0: times must be sec"),
    ("a.h5", lambda path: write_shd(path, [([0, 1], [4])], [0]), {}, "sample 0: 2 times of 1 uni"),
    ("a.h5", lambda path: write_shd(path, [([], [])], [0]), {}, "holds no events"),
    ("a.h5", lambda path: write_shd(path, [([1e6], [0])], [0]), {}, "1 samples of 1000000001 step"),
    ("a.h5", lambda path: write_shd(path, [], []), {}, "times of shape .0., units .0., labels .0."),
])
def test_refusals(tmp_path: Path, name: str, data: Any, chosen: dict[str, Any], message: str
                  ) -> None:
    path = tmp_path / name
    data(path) if callable(data) else path.write_bytes(data)
    with pytest.raises(InputError, match=f"{name}.*{message}"):
        read(path, **chosen)


def test_too_many_events_and_empty_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binning, "MOST_EVENTS", 1)
    (tmp_path / "turned.txt").write_text("0.2 1\n0.1 1\n")
    with pytest.raises(InputError, match="is not in the order of time, and of such files at most"):
        read(tmp_path / "turned.txt", 2)
    with pytest.raises(InputError, match="has no samples; give a folder for each class"):
        open_labelled(tmp_path, 2, 2, Binning(1.0))
    with pytest.raises(InputError, match="sensor is '3'; give width and height, such as 128x128"):
        Sensor.of("3")
