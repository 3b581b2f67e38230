"""An image of made-up words, and the driver that has loaded it into a board in Python."""

from __future__ import annotations

import struct

import numpy as np
from sterna.host.token_board import TokenBoard
from sterna.machine.image import ImagePart, MemoryImage
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import Space, space_number
from sterna.machine.words import pack_row

from tests.sw.host.fake_board import FakeBoard

CONFIGURATION = PRESETS["tiny"].having(top_k=2)
WORDS = {Space.PROGRAM: 3, Space.WEIGHTS: 3000, Space.CONSTANTS: 5, Space.TABLES: 0, Space.INPUT: 0}


def image(placement: str = "chip") -> MemoryImage:
    generator = np.random.default_rng(0)
    return MemoryImage(
        machine=CONFIGURATION,
        model="fake",
        parts={
            space: ImagePart.from_array(generator.integers(0, 256, (words, 4), np.uint8))
            for space, words in WORDS.items()
        },
        entries={"run": 0, "reset": 1},
        rows=10,
        placement=placement,
        row_groups=3,
        embedding=embedding if placement == "host" else None,
    )


def loaded(board: FakeBoard, placement: str = "chip") -> TokenBoard:
    device = TokenBoard(board, "fake")
    device.load(image(placement))
    return device


def embedding(token: int) -> np.ndarray:
    """The words of a token's row."""
    return pack_row(CONFIGURATION, np.full(6, token))


def board(**options) -> FakeBoard:
    return FakeBoard(CONFIGURATION.digest(), **options)


def memories(loads: list[bytes]) -> dict[int, bytes]:
    """Contents of every memory after all LOAD payloads."""
    found: dict[int, bytearray] = {}
    for payload in loads:
        space, first = struct.unpack_from("<BI", payload)
        data = payload[5:]
        memory = found.setdefault(space, bytearray())
        memory.extend(bytes(max(0, 4 * first + len(data) - len(memory))))
        memory[4 * first : 4 * first + len(data)] = data
    return {space: bytes(memory) for space, memory in found.items()}


def contents() -> dict[int, bytes]:
    parts = image().parts
    return {space_number(CONFIGURATION, space): parts[space].array().tobytes()
            for space in WORDS if WORDS[space]}


def damage(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])
