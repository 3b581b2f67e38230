"""A board that computes time steps of a spiking network."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import ArrayLike

from sterna.errors import InputError
from sterna.host.board import Board
from sterna.host.spiking_device import SpikingStep, StepCounters
from sterna.host.transport import Transport
from sterna.law.codes import whole_codes
from sterna.machine.image import MemoryImage
from sterna.machine.protocol import Space, memory_spec
from sterna.machine.words import pack_input
from sterna.progress import Progress

_COUNTERS = struct.Struct("<4I")


class StepBoard:
    """A `sterna.host.spiking_device.SpikingDevice` at the other end of a transport.

    Faults and `timeout` are those of `Board`.
    """

    def __init__(self, transport: Transport, name: str, timeout: float | None = None) -> None:
        self.name = name
        self._board = Board(transport, name, timeout=timeout)
        self._steps: list[bytes] = []

    def load(self, image: MemoryImage, progress: Progress | None = None) -> None:
        """Load the image of a network, unless the bitstream already holds it, and reset.

        Raises `LinkError` when the board is of another version, machine or model.
        """
        self._board.load(image, progress)
        self.reset()

    @property
    def recoveries(self) -> int:
        """How often the board was loaded again, and its steps repeated."""
        return self._board.recoveries

    def reset(self) -> None:
        """All state and every past code to 0."""
        self._steps = []
        self._board.safely(self._reset, self)

    def step(self, codes: ArrayLike) -> SpikingStep:
        """One time step with input codes [inputs]. Raises `InputError` for codes it cannot take."""
        machine = self._board.image.machine
        values = whole_codes(codes)
        spec = memory_spec(machine, Space.INPUT)
        limit = (1 << (spec.bits // spec.lanes - 1)) - 1
        if values.size and int(np.abs(values).max()) > limit:
            raise InputError(
                f"an input code of {int(values[np.abs(values).argmax()])}; this accelerator takes "
                f"-{limit} to {limit}: give --code-bits 8, or other input")
        words = pack_input(machine, values)
        if len(words) != self._board.image.row_groups:
            raise InputError(f"{self.name}: {len(values)} input codes are not those of the network")
        item = words.tobytes()
        result = self._board.safely(lambda: self._take(item), self)
        self._steps.append(item)
        return result

    def close(self) -> None:
        """Close the transport."""
        self._board.close()

    def __str__(self) -> str:
        """What is repeated after a fault."""
        return f"{len(self._steps)} step{'s' * (len(self._steps) != 1)}"

    def repeat(self) -> None:
        """Take the steps so far again, on a board that has lost its state."""
        self._reset()
        for item in self._steps:
            self._take(item)

    def _reset(self) -> None:
        self._board.run("reset", {0: 0})

    def _take(self, words: bytes) -> SpikingStep:
        self._board.write({0: words})
        answer = self._board.run("step", {0: 0})
        outputs = np.frombuffer(answer, "<i4", offset=_COUNTERS.size).astype(np.int64)
        return SpikingStep(outputs, StepCounters(*_COUNTERS.unpack_from(answer)))
