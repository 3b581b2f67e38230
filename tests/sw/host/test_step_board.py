"""The driver of spiking networks against a board in Python: steps, refusals, a lost answer."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from sterna.errors import InputError, LinkError
from sterna.host.counters import Counters
from sterna.host.step_board import StepBoard
from sterna.machine.image import ImagePart, MemoryImage
from sterna.machine.presets import step_machine

from tests.sw.host.fake_board import FakeBoard

CONFIGURATION = step_machine(
    neuron_lanes=2, code_bits=2, outputs=2)


class FakeNetwork(FakeBoard):
    """Counts the steps since the reset (entry 0), and sends the last word that was loaded."""

    def _run(self, payload: bytes) -> bytes:
        entry, word, rows = struct.unpack("<HII", payload)
        assert (word, rows) == (0, 0)
        self.runs.append((entry,))
        self.positions[0] = 0 if entry == 0 else self.positions[0] + 1
        (last,) = struct.unpack_from("<I", self.loads[-1], 5) if entry else (0,)
        return struct.pack("<IIIIii", 100, 9, 4, 5, -self.positions[0], last)


def image() -> MemoryImage:
    return MemoryImage(
        machine=CONFIGURATION, model="fake",
        parts={item.name: ImagePart.from_array(np.zeros((2, 4), np.uint8))
               for item in CONFIGURATION.memories},
        entries={"reset": 0, "run": 2}, rows=0, placement="host", row_groups=1)


def loaded(board: FakeBoard) -> StepBoard:
    device = StepBoard(board, "fake")
    device.load(image())
    return device


def test_a_step_writes_its_codes_and_gives_outputs_and_counters():
    board = FakeNetwork(CONFIGURATION.digest())
    device = loaded(board)
    assert board.runs == [(0,)]
    device.step(np.array([1, -1]))
    result = device.step(np.array([-1, 1]))
    assert result.outputs.tolist() == [-2, 0b01_11]
    assert result.counters == Counters(cycles=100, busy=9, events=4, sources=5)
    device.reset()
    assert device.step(np.array([0, 1])).outputs.tolist() == [-1, 0b01_00]


def test_codes_that_the_accelerator_does_not_take():
    device = loaded(FakeNetwork(CONFIGURATION.digest()))
    with pytest.raises(InputError, match=r"an input code of -5; .* -1 to 1: give --code-bits 8"):
        device.step(np.array([0, -5]))
    with pytest.raises(InputError, match="3 input codes are not those of the network"):
        device.step(np.array([0, 1, 1]))
    with pytest.raises(InputError, match="whole numbers"):
        device.step(np.array([0.5, 1]))


def test_steps_are_repeated_when_the_board_has_lost_its_state(caplog):
    board = FakeNetwork(CONFIGURATION.digest())
    device = loaded(board)
    for _ in range(3):
        device.step(np.array([1, 0]))
    board.restart()
    assert device.step(np.array([0, 1])).outputs.tolist() == [-4, 0b01_00]
    assert device.recoveries == 1
    assert "repeating 3 steps" in caplog.text


def test_a_spiking_device_has_no_token_streams():
    """What it does not do it does not offer: it once had `leave`, which raised KeyError."""
    device = loaded(FakeNetwork(CONFIGURATION.digest()))
    assert not {"join", "leave", "run", "streams"} & set(dir(device))


def test_a_board_of_another_configuration_is_told():
    other = CONFIGURATION.having(outputs=3)
    with pytest.raises(LinkError, match="has a bitstream of configuration"):
        loaded(FakeNetwork(other.digest()))
