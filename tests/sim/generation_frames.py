"""Frames of GENERATE and STOP, and of all the others beside them, drawn at random."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from sterna.law.sampling import Sampling
from sterna.machine.generation import HEADER, STOP, TAKE, Kind, Request, Told, pack_ids
from sterna.machine.image import RUN, MemoryImage
from sterna.machine.protocol import MASK_BITS, READ_REQUEST, FrameType, Space, space_number

SAMPLINGS = (Sampling(), Sampling(temperature=4.0, top_p=0.95, seed=11),
             Sampling(temperature=0.7, seed=1 << 63, top_k=3))


@dataclass
class _Stream:
    """What a host knows of a stream: ``told`` is behind the ids that it has."""

    number: int = 0
    first: int = 0
    given: int = 0
    acknowledged: int = 0
    told: int = 0
    most: int = 0
    candidates: bool = False
    before: list[tuple[FrameType, bytes]] = field(default_factory=list)


class Frames:
    """Frames that a host may send, more often those that make sense.

    ``answered`` is to be called with the answer to each, before the next is drawn.
    """

    def __init__(self, image: MemoryImage, seed: int) -> None:
        assert image.machine.generates is not None
        self._image, self._draw = image, np.random.default_rng(seed)
        self._window = image.machine.generates.window
        self._streams = [_Stream() for _ in range(image.machine.streams)]
        self._number, self._sent = 0, (0, Kind.TAKE, 0)

    def draw(self) -> tuple[FrameType, bytes]:
        """The next frame."""
        place = self._any(len(self._streams))
        stream, chance = self._streams[place], self._draw.random()
        self._sent = (place, Kind.TAKE, 0)
        if stream.before and chance < 0.1:
            return stream.before[self._any(len(stream.before))]
        if chance < 0.15:
            return next(self._others(place))
        if stream.number == 0 or chance < 0.2:
            return self._start(place)
        if chance < 0.27:
            return self._part(place)
        if chance < 0.34:
            position = stream.told - self._any(5) + self._any(2)
            self._sent = (place, Kind.PART, 0)
            return FrameType.STOP, self._spoilt(STOP.pack(
                place, stream.number, max(0, position)))
        return self._take(place)

    def answered(self, frame: tuple[FrameType, bytes], answer: FrameType, payload: bytes) -> None:
        """What the board said."""
        place, kind, first = self._sent
        stream = self._streams[place]
        if answer in (FrameType.RESULT, FrameType.ACK):
            for other in self._streams:
                other.number = 0
        if answer not in (FrameType.GENERATE_ANSWER, FrameType.STOP_ANSWER):
            return
        told, _ = Told.unpack(payload)
        stream.before = [*stream.before[-2:], frame]
        if answer == FrameType.STOP_ANSWER:
            stream.told = STOP.unpack(frame[1])[2]
        elif kind == Kind.START:
            stream.first = first
            stream.given = stream.acknowledged = stream.told = told.position
        elif kind == Kind.TAKE:
            stream.told = max(stream.told, told.position)

    def _any(self, below: int) -> int:
        return int(self._draw.integers(below))

    def _ids(self, most: int) -> list[int]:
        return self._draw.integers(0, self._image.rows, self._any(most + 1)).tolist()

    def _spoilt(self, payload: bytes) -> bytes:
        """Rarely cut, longer, or with another kind or stream."""
        chance, place = self._draw.random(), self._any(len(payload))
        if chance < 0.02:
            return payload[:place]
        if chance < 0.04:
            return payload + bytes(1 + self._any(4))
        if chance < 0.06:
            return payload[:place % 2] + bytes([3 * self._any(2)]) + payload[place % 2 + 1:]
        return payload

    def _start(self, place: int) -> tuple[FrameType, bytes]:
        stream, image = self._streams[place], self._image
        self._number += 1
        top_k = image.machine.head.top_k
        asked = SAMPLINGS[self._any(len(SAMPLINGS))].parameters(top_k)
        request = Request(
            entry=image.entries[RUN], row_words=image.row_groups, rows=image.rows,
            mantissa=asked.sharpness[0], exponent=asked.sharpness[1], count=asked.count,
            share=asked.share, seed=asked.seed, text=self._any(5), most=self._any(40),
            ends=tuple(self._ids(2)), candidates=self._draw.random() < 0.2)
        stream.number, stream.most = self._number, request.most
        stream.candidates = request.candidates
        position = self._any(1 << 20)
        self._sent = (place, Kind.START, position)
        return FrameType.GENERATE, self._spoilt(HEADER.pack(
            Kind.START, place, stream.number, position) + request.pack(self._ids(5) or [1]))

    def _part(self, place: int) -> tuple[FrameType, bytes]:
        stream = self._streams[place]
        self._sent = (place, Kind.START, stream.first)
        position = stream.given - (self._any(4) == 0)
        return FrameType.GENERATE, self._spoilt(HEADER.pack(
            Kind.PART, place, stream.number, position) + pack_ids(self._ids(4)))

    def _take(self, place: int) -> tuple[FrameType, bytes]:
        stream = self._streams[place]
        position = stream.told - (self._any(4) == 0) * self._any(4) + (self._any(20) == 0)
        most = 1 if stream.candidates else self._window
        granted = position + 1 + self._any(most + (self._any(10) == 0))
        count = 1 + self._any(granted - position)
        return FrameType.GENERATE, self._spoilt(HEADER.pack(
            Kind.TAKE, place, stream.number, max(0, position)) + TAKE.pack(count, granted))

    def _others(self, place: int) -> Iterator[tuple[FrameType, bytes]]:
        """What has nothing to do with texts."""
        image, kind = self._image, self._any(5)
        machine = image.machine
        if kind == 0:
            yield FrameType.HELLO, b""
        elif kind == 1:
            yield FrameType.BEGIN, struct.pack("<I", self._any(1 << 30))
        elif kind == 2:
            spec = machine.states[0]
            yield FrameType.READ, READ_REQUEST.pack(
                space_number(machine, spec.name), self._any(spec.depth), 1)
        elif kind == 3:
            row = image.parts[Space.INPUT].array()[self._any(image.rows):][:2]
            first = self._any(image.rows)
            yield FrameType.LOAD, struct.pack(
                "<BI", space_number(machine, Space.INPUT), first) + row.tobytes()
        words = [self._any(image.rows) * image.row_groups for _ in range(machine.streams)]
        masks = struct.pack("<HH", 1 << place, 0) if machine.streams > 1 else b""
        assert len(masks) in (0, 2 * MASK_BITS // 8)
        yield FrameType.RUN, struct.pack(
            f"<H{len(words)}II", image.entries[RUN], *words, image.rows) + masks
