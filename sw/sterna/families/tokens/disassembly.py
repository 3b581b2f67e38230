"""The instruction words of an image as text."""

from __future__ import annotations

from sterna.machine.encoding import decode
from sterna.machine.image import MemoryImage
from sterna.machine.protocol import Space
from sterna.machine.units.scalar import ScalarCode
from sterna.machine.units.ternary import Destination
from sterna.machine.units.vector import MultiplierSelect, SourceA, Wait

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
    code = [decode(image.machine, int.from_bytes(row.tobytes(), "little"))
            for row in image.parts[Space.PROGRAM].array()]
    width = max(len(kind) for kind, _ in code)
    lines = []
    for address, (kind, fields) in enumerate(code):
        if address in entries:
            lines.append(f"{entries[address]}:")
        lines.append(f"{address:5}  {kind:<{width}} {_fields(kind, fields)}".rstrip())
    return lines


def _fields(kind: str, fields: dict[str, int]) -> str:
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
