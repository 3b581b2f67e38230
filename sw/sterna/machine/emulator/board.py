"""A board without gateware: answers the frames of the link protocol from an emulated machine."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from sterna.errors import LinkError
from sterna.machine.emulator.generation import Generation, Refused
from sterna.machine.emulator.machine import EmulatedMachine
from sterna.machine.emulator.memory import LoadedMemory
from sterna.machine.emulator.unit import EmulatedUnit
from sterna.machine.frames import Frame, FrameDecoder, encode_frame
from sterna.machine.machine import Machine
from sterna.machine.protocol import (
    LONGEST_READ,
    MASK_BITS,
    READ_REQUEST,
    VERSION,
    ErrorCode,
    FrameType,
    InfoType,
    result_entries,
)
from sterna.machine.unit import MemorySpec
from sterna.machine.words import word_bytes

_LOAD = struct.Struct("<BI")
_SESSION = struct.Struct("<II")


class EmulatedBoard:
    """The transport to an emulated machine, as `sterna.host.transport.Transport`.

    A run takes no time: counters of cycles are 0. With `trace` in the machine
    `collect_words` gives what trace ports would have shown. `units` emulate units of other packages
    by their names. ``ahead`` is as in `Generation`.
    """

    def __init__(self, machine: Machine,
                 units: Mapping[str, type[EmulatedUnit]] | None = None,
                 ahead: bool = False) -> None:
        self.machine = machine
        names = [item.name for item in machine.memories]
        self._memories = {space: LoadedMemory(machine, space) for space in names}
        self._machine = EmulatedMachine(machine, self._memories, units)
        self._generation = (
            None if machine.generates is None else Generation(machine, self._machine, ahead))
        self._session, self._results = 0, 0
        self._decoder = FrameDecoder()
        self._output = bytearray()
        self._closed = False

    def write(self, data: bytes) -> None:
        """Carry out the requests; answers wait to be read."""
        if self._closed:
            raise LinkError("the emulated board is closed")
        for frame in self._decoder.feed(data):
            kind, payload = self._answer(frame)
            self._output += encode_frame(Frame(kind, frame.sequence, payload))

    def read(self, count: int, timeout: float) -> bytes:
        """Bytes of the answers."""
        del timeout  # nothing comes later
        if self._closed:
            raise LinkError("the emulated board is closed")
        data = bytes(self._output[:count])
        del self._output[:count]
        return data

    def close(self) -> None:
        """Nothing to give back; safe to call twice."""
        self._closed = True

    def collect_words(self) -> list[NDArray[np.uint32]]:
        """What each trace port showed since the last call, as `SimulatedBoard.collect_words`."""
        if not self.machine.trace:
            raise ValueError("the machine has no trace ports")
        return self._machine.collect_words()

    def _answer(self, frame: Frame) -> tuple[FrameType, bytes]:
        if frame.type == FrameType.HELLO:
            return self._hello(frame.payload)
        if frame.type == FrameType.BEGIN:
            if len(frame.payload) != 4:
                return _error(ErrorCode.LENGTH)
            self._session, self._results = int.from_bytes(frame.payload, "little"), 0
            if self._generation is not None:
                self._generation.forget(-1)
            return FrameType.ACK, b""
        if frame.type == FrameType.LOAD:
            return self._load(frame.payload)
        if frame.type == FrameType.READ and self.machine.readable:
            return self._read(frame.payload)
        if frame.type == FrameType.RUN:
            return self._run(frame.payload)
        if self._generation is not None:
            if frame.type == FrameType.GENERATE:
                return self._made(self._generation.generate, FrameType.GENERATE_ANSWER,
                                  frame.payload)
            if frame.type == FrameType.STOP:
                return self._made(self._generation.stop, FrameType.STOP_ANSWER, frame.payload)
        return _error(ErrorCode.TYPE)

    def _hello(self, payload: bytes) -> tuple[FrameType, bytes]:
        if payload:
            return _error(ErrorCode.LENGTH)
        items = {
            InfoType.VERSION: VERSION.to_bytes(2, "little"),
            InfoType.ENTRIES: result_entries(self.machine).to_bytes(2, "little"),
            InfoType.CONFIGURATION: self.machine.digest().to_bytes(8, "little"),
            InfoType.CONTENTS: bytes(8),
            InfoType.SESSION: self._told(),
        }
        return FrameType.INFO, b"".join(
            bytes([kind, len(value)]) + value for kind, value in items.items())

    def _load(self, payload: bytes) -> tuple[FrameType, bytes]:
        if len(payload) < _LOAD.size:
            return _error(ErrorCode.LENGTH)
        number, first = _LOAD.unpack_from(payload)
        if number >= len(self.machine.spaces):
            return _error(ErrorCode.SPACE)
        space = self.machine.spaces[number].name
        if (len(payload) - _LOAD.size) % word_bytes(self.machine, space):
            return _error(ErrorCode.LENGTH)
        if space not in self._memories:
            return self._load_state(self.machine.spaces[number], first, payload[_LOAD.size:])
        if not self._memories[space].write(first, payload[_LOAD.size:]):
            return _error(ErrorCode.SPACE)
        self._machine.loaded(space)
        return FrameType.ACK, b""

    def _load_state(self, spec: MemorySpec, first: int, data: bytes) -> tuple[FrameType, bytes]:
        words = np.frombuffer(data, np.uint8).reshape(-1, word_bytes(self.machine, spec.name))
        there = words[:max(0, spec.depth - first)]
        if len(there):
            self._machine.write_state(spec.name, first, there)
        return _error(ErrorCode.SPACE) if len(there) < len(words) else (FrameType.ACK, b"")

    def _read(self, payload: bytes) -> tuple[FrameType, bytes]:
        if len(payload) != READ_REQUEST.size:
            return _error(ErrorCode.LENGTH)
        number, first, count = READ_REQUEST.unpack(payload)
        if not count:
            return _error(ErrorCode.LENGTH)
        if not len(self.machine.memories) <= number < len(self.machine.spaces):
            return _error(ErrorCode.SPACE)
        spec = self.machine.spaces[number]
        if count * word_bytes(self.machine, spec.name) > LONGEST_READ:
            return _error(ErrorCode.LENGTH)
        if first + count > spec.depth:
            return _error(ErrorCode.SPACE)
        words = self._machine.read_state(spec.name)[first:first + count]
        return FrameType.READ_ANSWER, words.tobytes() + self._told()

    def _made(self, answer: Callable[[bytes], bytes], kind: FrameType,
              payload: bytes) -> tuple[FrameType, bytes]:
        try:
            return kind, answer(payload) + self._told()
        except Refused as refused:
            return _error(refused.code)

    def _told(self) -> bytes:
        return _SESSION.pack(self._session, self._results)

    def _run(self, payload: bytes) -> tuple[FrameType, bytes]:
        streams = self.machine.streams
        form = struct.Struct(f"<H{streams}II")
        masks = MASK_BITS // 8 * 2 if streams > 1 else 0
        if len(payload) != form.size + masks:
            return _error(ErrorCode.LENGTH)
        entry, *words, rows = form.unpack_from(payload)
        active, chained = 1, 0
        if masks:
            half = form.size + masks // 2
            active = int.from_bytes(payload[form.size:half], "little")
            chained = int.from_bytes(payload[half:], "little")
        if self._generation is not None:
            self._generation.forget(active)
        inputs = {place: word for place, word in enumerate(words) if active >> place & 1}
        result = self._machine.run(
            entry, inputs, {place for place in inputs if chained >> place & 1}, rows)
        self._results = (self._results + 1) % (1 << 32)
        return FrameType.RESULT, result + self._told()


def _error(code: ErrorCode) -> tuple[FrameType, bytes]:
    return FrameType.ERROR, bytes([code])
