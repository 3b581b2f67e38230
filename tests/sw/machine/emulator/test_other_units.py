"""A unit of another package is emulated without a change elsewhere."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.emulator.path import Path
from sterna.machine.emulator.unit import EmulatedUnit
from sterna.machine.encoding import encode
from sterna.machine.frames import Frame, FrameDecoder, encode_frame
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import FrameType, Space, space_number
from sterna.machine.traces import shown_of
from sterna.machine.unit import Counter, Instruction, Unit
from sterna.machine.units.vector import MultiplierSelect
from sterna.machine.words import word_bytes


@dataclass(frozen=True, kw_only=True)
class Count(Unit):
    """Writes how often it was asked since power up, as a vector."""

    name = "count"
    per_stream = True

    def instructions(self, machine: Machine) -> tuple[Instruction, ...]:
        return (Instruction("COUNT", (("address", machine.vector.address_bits),), "the count"),)

    def counters(self, machine: Machine) -> tuple[Counter, ...]:
        return (Counter("asked"),)


class CountUnit(EmulatedUnit):
    """Executes COUNT."""

    executes = ("COUNT",)

    def power_up(self, path: Path) -> None:
        path.own["count"] = 0

    def plan(self, step, plan) -> None:
        def count(path: Path) -> None:
            path.own["count"] += 1
            path.memory[step.fields["address"]] = path.own["count"]

        plan.operations.append(count)

    def counts(self) -> dict[str, int]:
        return {"asked": 1}


def answer(board: EmulatedBoard, kind: FrameType, payload: bytes) -> Frame:
    board.write(encode_frame(Frame(kind, 1, payload)))
    frame, = FrameDecoder().feed(board.read(1 << 16, 0))
    return frame


def test_a_counter():
    machine = replace(PRESETS["tiny"], units=(*PRESETS["tiny"].units, Count()), trace=True)
    board = EmulatedBoard(machine, {"count": CountUnit})
    program = [
        encode(machine, "COUNT", address=3),
        encode(machine, "VECTOR", length=1, a_address=3, multiplier=MultiplierSelect.MINUS_ONE),
        encode(machine, "END"),
    ]
    size = word_bytes(machine, Space.PROGRAM)
    words = b"".join(word.to_bytes(size, "little") for word in program)
    load = struct.pack("<BI", space_number(machine, Space.PROGRAM), 0) + words
    assert answer(board, FrameType.LOAD, load).type == FrameType.ACK
    for run in range(1, 4):
        result = answer(board, FrameType.RUN, struct.pack("<HII", 0, 0, 0))
        assert result.type == FrameType.RESULT
        trace = shown_of(machine, board.collect_words(), 0)
        assert np.array_equal(trace["vector"], [[-run] * machine.vector.lanes])
    counters = struct.unpack_from(f"<{len(machine.counters)}I", result.payload)
    assert dict(zip((item.name for item in machine.counters), counters, strict=True))["asked"] == 1


def test_a_unit_that_nothing_emulates():
    machine = replace(PRESETS["tiny"], units=(*PRESETS["tiny"].units, Count()))
    with pytest.raises(InputError, match="nothing emulates the unit count; give --device sim"):
        EmulatedBoard(machine)
