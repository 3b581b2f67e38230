"""``memories/``: contents as raw files, for those who fill memories by other ways than the link."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sterna.machine.image import ImagePart
from sterna.machine.machine import Machine
from sterna.machine.memory import constant_base, outside_words
from sterna.machine.protocol import Space, word_bits
from sterna.machine.row_memory import held_bytes, row_base

from sterna_boards.handover.core import Core, Written

FOLDER = "memories"
_WORDS = ("little endian; words lie one after the other without padding, constants behind the "
          "weights, rows behind both; ")
_AXI = _WORDS + ("beats of n bytes go round the p ports: byte b is in port b // n % p at address "
                 "b // (n * p) * n + b % n")
_SDRAM = _WORDS + ("byte b is in beat b // n, the lowest bits of whose number are the "
                   "column, those above the bank, those above the row")


def write(core: Core, folder: Path) -> Written:
    """A binary file for each port outside, hexadecimal words for each memory on the chip.

    A line of the latter is a word as ``$readmemh`` takes it, from the first word on. Nothing unless
    asked for.
    """
    if not core.raw or core.image is None:
        return Written()
    (folder / FOLDER).mkdir()
    machine, parts = core.machine, core.image.parts
    files: dict[str, str] = {}
    facts: dict[str, object] = {}
    outside = {Space.WEIGHTS} if machine.memory.outside else set()
    if machine.memory.holds_constants:
        outside.add(Space.CONSTANTS)
    if machine.row_memory.outside:
        outside.add(Space.INPUT)
    if outside:
        facts |= _write_ports(core, folder, files)
    chip: dict[str, object] = {}
    for space, part in parts.items():
        first = outside_words(machine) if space == Space.WEIGHTS and space in outside else 0
        if part.words <= first or (space in outside and space != Space.WEIGHTS):
            continue
        name = f"{FOLDER}/{space}.hex"
        bits = word_bits(machine, space)
        with open(folder / name, "w", encoding="ascii") as file:
            for line in _hex_lines(part, bits, first):
                file.write(line)
        files[name] = f"words of memory {space} on the chip, as $readmemh takes them"
        chip[name] = {"memory": str(space), "first_word": first, "words": part.words - first,
                      "word_bits": bits}
    return Written(files, {"raw": {**facts, "chip": chip}})


def _hex_lines(part: ImagePart, bits: int, first: int) -> Iterator[str]:
    digits, seen = ceil(bits / 4), 0
    for piece in part.pieces():
        for word in piece[max(0, first - seen):]:
            yield f"{int.from_bytes(word.tobytes(), 'little'):0{digits}x}\n"
        seen += len(piece)


def _dense(machine: Machine, parts: dict[str, ImagePart]) -> NDArray[np.uint8]:
    """What the memory outside holds, byte after byte."""
    data = np.zeros(held_bytes(machine), np.uint8)

    def put(space: str, base: int, size: int, words: int | None = None) -> None:
        found = parts[space].array()[:words, :size].reshape(-1)
        data[base:base + found.size] = found

    if machine.memory.outside:
        put(Space.WEIGHTS, 0, machine.weight_bytes, outside_words(machine))
    if machine.memory.holds_constants:
        put(Space.CONSTANTS, constant_base(machine), machine.vector.constant_bytes)
    if machine.row_memory.outside:
        put(Space.INPUT, row_base(machine), machine.vector.constant_bytes)
    return data


def _write_ports(core: Core, folder: Path, files: dict[str, str]) -> dict[str, object]:
    """One binary for each port; what the manifest tells of them."""
    assert core.image is not None
    machine = core.machine
    part = machine.driven
    ports, bits = (1, part.bits) if part else (machine.outside.ports, machine.outside.bits)
    beat = bits // 8
    data = _dense(machine, dict(core.image.parts))
    data = np.pad(data, (0, -len(data) % (ports * beat))).reshape(-1, ports, beat)
    board = core.board.outside if core.board is not None else None
    table: dict[str, object] = {}
    for port in range(ports):
        stem = f"m_axi_{port}" if machine.memory.axi_ports else "sdram"
        name = f"{FOLDER}/{stem}.bin"
        data[:, port].tofile(folder / name)
        base = port * board.port_bytes if board is not None and board.shared else 0
        files[name] = f"bytes of the memory behind {stem}, from the base address on"
        table[name] = {"port": stem, "base": base, "bytes": data[:, port].size}
    return {"outside": table, "beat_bytes": beat, "weight_word_bytes": machine.weight_bytes,
            "layout": _AXI if machine.memory.axi_ports else _SDRAM, "constants_from_byte":
                constant_base(machine) if machine.memory.holds_constants else None,
            **({"row_word_bytes": machine.vector.constant_bytes, "rows_from_byte":
                row_base(machine)} if machine.row_memory.outside else {})}
