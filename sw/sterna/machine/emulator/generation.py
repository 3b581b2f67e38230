"""GENERATE and STOP on an emulated board: see `sterna.machine.generation`."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sterna.law.sampling import Parameters, choose
from sterna.machine.emulator.machine import EmulatedMachine
from sterna.machine.generation import (
    HEADER,
    STOP,
    TAKE,
    Kind,
    Request,
    Told,
    most_given,
    pack_ids,
    slot_distance,
    unpack_ids,
)
from sterna.machine.machine import Machine
from sterna.machine.protocol import NO_ROW, ErrorCode, FrameType, counter_words
from sterna.machine.units.generate import MOST_ENDS
from sterna.machine.units.head import SCALE_WORDS
from sterna.machine.words import Words

Answer = tuple[FrameType, bytes]


class Refused(Exception):
    """A frame that is answered with an error."""

    def __init__(self, code: ErrorCode) -> None:
        super().__init__(code.name)
        self.code = code


@dataclass
class _Slot:
    """A state of a stream, after so many tokens."""

    read: int
    words: dict[str, Words]


@dataclass
class _Text:
    """The request of a stream. ``ids`` are all that were given or made, from ``first`` on."""

    number: int
    request: Request
    first: int
    slots: list[_Slot]
    ids: list[int] = field(default_factory=list)
    given: int = 0
    """Position behind the ids that the host gave."""
    read: int = 0
    acknowledged: int = 0
    granted: int = 0
    told: int = 0
    """Position behind the last id that was sent."""
    begun: bool = False
    """Ids were granted, or it was stopped: no more are given."""
    ended: bool = False
    heads: dict[int, bytes] = field(default_factory=dict)
    """Words of the head from which ids were chosen, where they are wanted."""

    @property
    def end(self) -> int:
        """Position behind the last id there is."""
        return self.first + len(self.ids)


class Generation:
    """The requests of all streams; a machine that makes ids when they are asked for.

    ``ahead``: it makes all that is granted before it answers a TAKE, as fast boards do.
    """

    def __init__(self, machine: Machine, emulated: EmulatedMachine, ahead: bool) -> None:
        assert machine.generates is not None
        self._machine, self._emulated, self._ahead = machine, emulated, ahead
        self._window = machine.generates.window
        self._given = most_given(self._window)
        self._texts: dict[int, _Text] = {}
        self._head: dict[int, bytes] = {}

    def forget(self, streams: int) -> None:
        """The streams of a mask have no request any more."""
        for stream in [stream for stream in self._texts if streams >> stream & 1]:
            del self._texts[stream]

    def generate(self, payload: bytes) -> bytes:
        """Answer a GENERATE frame. Raises `Refused`."""
        if len(payload) < HEADER.size:
            raise Refused(ErrorCode.LENGTH)
        kind, stream, number, position = HEADER.unpack_from(payload)
        rest = payload[HEADER.size:]
        try:
            if kind == Kind.START:
                return self._start(stream, number, position, *Request.unpack(rest))
            if kind == Kind.PART:
                ids = unpack_ids(rest)
                return self._part(self._text(stream, number), stream, position, ids)
        except ValueError:
            raise Refused(ErrorCode.LENGTH) from None
        if kind != Kind.TAKE:
            raise Refused(ErrorCode.TYPE)
        if len(rest) != TAKE.size:
            raise Refused(ErrorCode.LENGTH)
        return self._take(self._text(stream, number), stream, position, *TAKE.unpack(rest))

    def stop(self, payload: bytes) -> bytes:
        """Answer a STOP frame. Raises `Refused`."""
        if len(payload) != STOP.size:
            raise Refused(ErrorCode.LENGTH)
        stream, number, position = STOP.unpack(payload)
        text = self._text(stream, number)
        if not text.given <= position <= text.told:
            raise Refused(ErrorCode.SPACE)
        if text.read >= position:
            slot = max((slot for slot in text.slots if slot.read < position),
                       key=lambda slot: slot.read, default=None)
            if slot is None:  # it was acknowledged
                raise Refused(ErrorCode.SPACE)
            for space, words in slot.words.items():
                self._emulated.write_state(space, 0, words)
            text.read = slot.read
        text.ended = text.begun = True
        text.told, text.acknowledged = position, min(text.acknowledged, position)
        del text.ids[position - text.first:]
        return Told(text.read, True).pack()

    def _text(self, stream: int, number: int) -> _Text:
        text = self._texts.get(stream)
        if text is None or text.number != number:
            raise Refused(ErrorCode.REQUEST)
        return text

    def _start(self, stream: int, number: int, position: int, request: Request,
               ids: list[int]) -> bytes:
        if (stream >= self._machine.streams or not 0 < len(ids) <= self._given
                or len(request.ends) > MOST_ENDS):
            raise Refused(ErrorCode.SPACE)
        before = self._texts.get(stream)
        if before is None or before.number != number:
            state = _Slot(position, self._emulated.state_of(stream))
            text = self._texts[stream] = _Text(
                number, request, position, [state], given=position, read=position,
                acknowledged=position, granted=position, told=position,
                ended=not request.most)
            return self._part(text, stream, position, ids)
        return Told(before.given, before.ended).pack()

    def _part(self, text: _Text, stream: int, position: int, ids: list[int]) -> bytes:
        if (position > text.given or len(ids) > self._given
                or (position == text.given and text.begun)):
            raise Refused(ErrorCode.SPACE)
        if position == text.given:
            text.ids += ids
            text.given = text.acknowledged = text.granted = text.told = text.end
            while text.read < text.given:
                self._read(text, stream)
        return Told(text.given, text.ended).pack()

    def _take(self, text: _Text, stream: int, position: int, count: int, granted: int) -> bytes:
        if (not text.acknowledged <= position <= text.told
                or not position + count <= granted <= position + self._window
                or (text.request.candidates and (count > 1 or granted > position + 1))):
            raise Refused(ErrorCode.SPACE)
        text.acknowledged = position
        if granted > text.granted:
            text.granted, text.begun = granted, True
            if (not text.ended and text.read > text.slots[-1].read
                    and text.slots[-1].read + slot_distance(self._window) <= position):
                text.slots = [text.slots[-1], _Slot(text.read, self._emulated.state_of(stream))]
        last = position + count
        while not text.ended and text.end < (text.granted if self._ahead else last):
            self._make(text, stream)
        ids = text.ids[position - text.first:last - text.first]
        end = position + len(ids)
        text.told = max(text.told, end)
        told = Told(end, text.ended and end == text.end)
        parts = [pack_ids([token]) + text.heads.get(at, b"")
                 for at, token in enumerate(ids, position)]
        return told.pack() + b"".join(parts)

    def _make(self, text: _Text, stream: int) -> None:
        """Choose the next id, having read all before it."""
        request = text.request
        if text.read < text.end:
            self._read(text, stream)
        token = self._choose(request, stream, text.read)
        if request.candidates:
            text.heads = {text.end: self._head[stream]}
        text.ids.append(token)
        text.ended = token in request.ends or text.end - text.given >= request.most

    def _choose(self, request: Request, stream: int, position: int) -> int:
        words = np.frombuffer(self._head[stream], "<u4")
        pairs: NDArray[np.int32] = words[SCALE_WORDS:].view("<i4").reshape(-1, 2)
        pairs = pairs[words[SCALE_WORDS + 1::2] != NO_ROW]
        if not len(pairs):  # nothing is loaded; the session tells the host
            return 0
        parameters = Parameters((request.mantissa, request.exponent), request.count,
                                request.share, request.seed)
        scale = int(words[0]), int(words[1:2].view("<i4")[0])
        place = choose(pairs[:, 0].tolist(), scale, parameters, request.text, position)
        return int(pairs[place, 1])

    def _read(self, text: _Text, stream: int) -> None:
        request, token = text.request, text.ids[text.read - text.first]
        result = self._emulated.run(
            request.entry, {stream: token * request.row_words}, set(), request.rows)
        first, size = 4 * counter_words(self._machine), 0
        for unit in self._machine.units:  # the words of the only stream that ran
            if unit.per_stream:
                size = 4 * unit.result_words(self._machine)
                if unit.name == "head":
                    break
                first += size
        self._head[stream] = result[first:first + size]
        text.read += 1
