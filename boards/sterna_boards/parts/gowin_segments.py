"""Nextpnr's data base of a Gowin part without the wires that its segment router uses.

That router (nextpnr 0.11, before the general one) searches a million wires for each block RAM and
register that no vertical segment reaches: minutes for a small design under WebAssembly, hours for
an accelerator. The general router reaches everything by ordinary wires. Nextpnr has no option that
skips segments, but skips them where its data base lists none (`himbaechel/uarch/gowin/globals.cc`).
"""

from __future__ import annotations

import importlib.util
import struct
from pathlib import Path

from sterna_boards.flows.open.tools import PACKAGES, Tool

_MAGIC = 0x00CA7CA7
_VERSIONS = (6,)
"""Layouts of the data base (`himbaechel/chipdb.h`) that are known to be the one below."""
_SIZE, _EXTRA = 8, 80
"""Width and height of the grid, and the pointer to the data of Gowin parts, in the header."""
_SEGMENTS = 60
"""The list of segments, in that data (`himbaechel/uarch/gowin/gowin.h`)."""
_SEGMENT = struct.Struct("<hhhhhh")
_SEGMENT_BYTES = 40


def without_segments(data: bytes) -> bytes | None:
    """The data base with an empty list of segments; None when its layout is not the known one."""
    def word(place: int) -> int:
        return struct.unpack_from("<i", data, place)[0]

    try:
        header = word(0)
        if word(header) != _MAGIC or word(header + 4) not in _VERSIONS:
            return None
        width, height = word(header + _SIZE), word(header + _SIZE + 4)
        segments = header + _EXTRA + word(header + _EXTRA) + _SEGMENTS
        first, count = segments + word(segments), word(segments + 4)
        for number in range(count):
            x, index, left, top, right, bottom = _SEGMENT.unpack_from(
                data, first + number * _SEGMENT_BYTES)
            if not (0 <= left <= x <= right < width and 0 <= top <= bottom < height
                    and 0 <= index < 8):
                return None
    except struct.error:
        return None
    return data[:segments + 4] + bytes(4) + data[segments + 8:]


def segmentless_data_base(tool: Tool, chip: str) -> bytes | None:
    """That of a die for pip's nextpnr; None for another nextpnr or an unknown layout."""
    package = PACKAGES["nextpnr-himbaechel-gowin"]
    spec = importlib.util.find_spec(package.module)
    if Path(tool.executable).name != package.command or spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "share/himbaechel/gowin" / f"chipdb-{chip}.bin"
    return without_segments(path.read_bytes()) if path.is_file() else None
