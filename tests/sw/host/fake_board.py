"""A board in Python that speaks the protocol, over a line that can be bad."""

from __future__ import annotations

import struct
from collections.abc import Callable

from sterna.errors import LinkError
from sterna.machine.frames import Frame, FrameDecoder, encode_frame
from sterna.machine.protocol import NO_ROW, VERSION, ErrorCode, FrameType

Fault = Callable[[int, bytes], bytes]
"""Given the number of a frame on the line and its bytes, what arrives."""


def no_fault(index: int, data: bytes) -> bytes:
    """A good line."""
    return data


class FakeBoard:
    """Answers frames like the hardware.

    A RUN counts the runs since the state was last reset (entry 1) in the best value, so that a
    token computed twice is seen; of several `streams` each has a count of its own. `loads` keeps
    the LOAD payloads as they arrived, damaged or not. `restart` loses state and session, and counts
    on from a number that no text reaches.
    """

    def __init__(
        self,
        digest: int = 0,
        top_k: int = 2,
        version: int = VERSION,
        contents: int = 0,
        to_board: Fault = no_fault,
        to_host: Fault = no_fault,
        streams: int = 1,
    ) -> None:
        self.digest, self.top_k, self.version = digest, top_k, version
        self.contents = contents
        self.to_board, self.to_host = to_board, to_host
        self.loads: list[bytes] = []
        self.runs: list[tuple[int, ...]] = []
        self.positions = [0] * streams
        self.session = [0, 0]
        self.more_items = b""
        """At the end of INFO."""
        self.failure = 0
        """Code of an ERROR frame that answers the next LOAD or RUN, which is carried out."""
        self.unplugged = False
        self.closed = False
        self._output = bytearray()
        self._counts = [0, 0]

    def write(self, data: bytes) -> None:
        if self.unplugged:
            raise LinkError("fake: the board was unplugged")
        arrived = self.to_board(self._counts[0], data)
        self._counts[0] += 1
        frames = FrameDecoder().feed(arrived)
        if frames:
            self._answer(self._act(frames[0]))
        elif len(arrived) >= 7:
            self._answer(Frame(FrameType.ERROR, arrived[2], bytes([ErrorCode.CRC])))

    def read(self, count: int, timeout: float) -> bytes:
        if self.unplugged:
            raise LinkError("fake: the board was unplugged")
        data = bytes(self._output[:count])
        del self._output[:count]
        return data

    def restart(self) -> None:
        """What a reset does, or a power failure."""
        self.session = [0, 0]
        self.positions = [1000] * len(self.positions)

    def close(self) -> None:
        self.closed = True

    def _answer(self, frame: Frame) -> None:
        self._output += self.to_host(self._counts[1], encode_frame(frame))
        self._counts[1] += 1

    def _act(self, frame: Frame) -> Frame:
        if frame.type == FrameType.HELLO:
            payload = struct.pack(
                "<BBH BBH BBQ BBQ BBII", 1, 2, self.version, 2, 2, self.top_k, 3, 8, self.digest,
                4, 8, self.contents, 5, 8, *self.session)
            return Frame(FrameType.INFO, frame.sequence, payload + self.more_items)
        if frame.type == FrameType.BEGIN:
            self.session = [int.from_bytes(frame.payload, "little"), 0]
            return Frame(FrameType.ACK, frame.sequence)
        failed, code = self.failure != 0, bytes([self.failure])
        if frame.type == FrameType.LOAD:
            self.loads.append(frame.payload)
            self.failure = 0
            if failed:
                return Frame(FrameType.ERROR, frame.sequence, code)
            return Frame(FrameType.ACK, frame.sequence)
        if frame.type == FrameType.RUN:
            result = self._run(frame.payload)
            self.failure = 0
            if failed:
                return Frame(FrameType.ERROR, frame.sequence, code)
            self.session[1] += 1
            result += struct.pack("<II", *self.session)
            return Frame(FrameType.RESULT, frame.sequence, result)
        return Frame(FrameType.ERROR, frame.sequence, bytes([ErrorCode.TYPE]))

    def _run(self, payload: bytes) -> bytes:
        streams = len(self.positions)
        form = f"<H{streams}II" + ("HH" if streams > 1 else "")
        fields = struct.unpack(form, payload)
        entry, active, chained = fields[0], *(fields[-2:] if streams > 1 else (1, 0))
        self.runs.append(fields)
        answer = struct.pack("<IIII", 100, 90, 0, 10)
        before = list(self.positions)

        def position(stream: int) -> int:
            following = chained >> stream & 1
            return 1 + (position((stream - 1) % streams) if following else before[stream])

        for stream in range(streams):
            if active >> stream & 1:
                self.positions[stream] = 0 if entry == 1 else position(stream)
                answer += struct.pack("<Ii", 0x10000, -16)
                answer += struct.pack("<iI", self.positions[stream], 5)
                answer += struct.pack("<iI", 0, NO_ROW) * (self.top_k - 1)
        return answer
