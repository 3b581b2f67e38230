"""AEDAT 4 as dv-processing writes it, and what is damaged."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.formats.aedat4 import EVENT, open_aedat4

FILES = Path(__file__).parent / "aedat4"


def events() -> np.ndarray:
    """Those of the files."""
    k = np.arange(60)
    found = np.zeros(60, EVENT)
    found["t"], found["on"] = 1_700_000_000_000_000 + 137 * k, k % 3 == 0
    found["x"], found["y"] = 7 * k % 16, 5 * k % 12
    return found


@pytest.mark.parametrize("name", ["plain", "lz4", "zstd"])
def test_events_are_those_that_were_written(name: str) -> None:
    file = open_aedat4(FILES / f"{name}.aedat4")
    packets = list(file.packets())
    assert (file.width, file.height, [len(packet) for packet in packets]) == (16, 12, [20, 20, 20])
    assert np.array_equal(np.concatenate(packets), events())


@pytest.mark.parametrize("name", ["plain", "lz4", "zstd"])
def test_damaged_files_give_one_line(name: str, tmp_path: Path) -> None:
    """Cut anywhere within its packets it is refused; of bytes that were changed, all are read or
    the file is named."""
    whole, path = (FILES / f"{name}.aedat4").read_bytes(), tmp_path / "bad.aedat4"
    draw, refused = random.Random(name), 0
    for trial in range(150):
        data = bytearray(whole)
        if trial < 50:
            data = data[:draw.randrange(len(data) - 250)]
        else:
            for _ in range(draw.randrange(1, 4)):
                data[draw.randrange(len(data))] = draw.randrange(256)
        path.write_bytes(data)
        try:
            list(open_aedat4(path).packets())
        except InputError as error:
            assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
            refused += 1
        else:
            assert trial >= 50
    assert refused > 60


def test_other_files(tmp_path: Path) -> None:
    path = tmp_path / "old.aedat4"
    path.write_bytes(b"#!AER-DAT3.1\r\n" + bytes(99))
    with pytest.raises(InputError, match="is no AEDAT 4; older versions can be converted"):
        open_aedat4(path)
    whole = (FILES / "plain.aedat4").read_bytes()
    path.write_bytes(whole.replace(b"EVTS</attr>", b"IMUS</attr>"))
    with pytest.raises(InputError, match="has 0 streams of events"):
        open_aedat4(path)
