"""The instruction words of an image as text."""

from __future__ import annotations

from sterna.machine.encoding import (
    Destination,
    Kind,
    MultiplierSelect,
    ScalarCode,
    SourceA,
    Wait,
    decode,
)
from sterna.machine.image import MemoryImage
from sterna.machine.protocol import Space

_NAMES = {
    "a_source": SourceA,
    "multiplier": MultiplierSelect,
    "wait": Wait,
    "destination": Destination,
    "operation": ScalarCode,
}
_ALWAYS = {"length", "operation", "groups", "blocks", "tiles", "destination", "level", "count"}


def disassemble(image: MemoryImage) -> list[str]:
    """One line for each instruction: its address, its kind and the fields that are not zero."""
    entries = {address: name for name, address in image.entries.items()}
    code = [decode(image.configuration, int.from_bytes(row.tobytes(), "little"))
            for row in image.parts[Space.PROGRAM].array()]
    width = max(len(kind.name) for kind, _ in code)
    lines = []
    for address, (kind, fields) in enumerate(code):
        if address in entries:
            lines.append(f"{entries[address]}:")
        lines.append(f"{address:5}  {kind.name:<{width}} {_fields(kind, fields)}".rstrip())
    return lines


def _fields(kind: Kind, fields: dict[str, int]) -> str:
    texts = []
    for name, value in fields.items():
        if name == "kind" or (value == 0 and name not in _ALWAYS):
            continue
        if name in _NAMES:
            texts.append(f"{name}={_NAMES[name](value).name}")
        elif name.endswith("address"):
            texts.append(f"{name}={value:#x}")
        else:
            texts.append(f"{name}={value}")
    return " ".join(texts)
