"""Texts that a board makes by itself: GENERATE and STOP, whatever happens to the line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sterna.errors import InputError
from sterna.host.device import Made, StepResult, StreamStep, Wanted
from sterna.host.head import best_candidates
from sterna.host.link import Request as Frame
from sterna.host.streams import Streams
from sterna.machine.generation import (
    HEADER,
    ID_BYTES,
    STOP,
    TAKE,
    Kind,
    Request,
    Told,
    most_given,
    pack_ids,
    unpack_ids,
)
from sterna.machine.image import RUN
from sterna.machine.protocol import FrameType
from sterna.machine.snapshot import State
from sterna.machine.units.generate import MOST_ENDS

NUMBERS = 1 << 16


@dataclass
class _Making:
    """A text that is being made: ``unread`` ids at its end are not in the log of the stream."""

    request: Request
    unread: list[int]
    number: int = -1
    """Of the request on the board; -1 before it has begun there."""


class MakingStreams(Streams[int, StepResult]):
    """Streams of token ids as a `sterna.host.device.Maker`.

    The log of a stream has what the board has certainly read: all that was taken but the last. So a
    board that was loaded again reads it, and begins the rest anew, which the law of sampling makes
    the same.
    """

    def __init__(self, *arguments: object, **more: object) -> None:
        super().__init__(*arguments, **more)  # type: ignore[arg-type]
        self._makings: dict[int, _Making] = {}
        self._number = 0

    @property
    def maker(self) -> MakingStreams | None:
        """Itself, where the machine answers GENERATE and has every row."""
        image = self.image
        there = image.machine.generates is not None and image.placement != "host"
        return self if there else None

    def begin(self, stream: int, ids: Sequence[int], wanted: Wanted) -> None:
        """Let a stream read ids and go on, see `Maker`.

        A prompt is read in chunks where tokens of a text may run side by side. The board hears of
        the rest with the first `take`, in one round trip.
        """
        request, left = self._request(wanted), list(ids)
        self._rest(stream)
        if not left:
            raise ValueError(f"stream {stream} is given no {self.entry}")
        for item in left:
            self._check(item)
        while self.image.chained and self.streams > 1 and len(left) > 1:
            left = left[len(self.run({stream: left[:-1]})[stream].places):]
        self._shorten()
        self._makings[stream] = _Making(request, left)

    def take(self, counts: Mapping[int, int]) -> dict[int, Made]:
        """So many ids of each stream that is named, see `Maker`; at most a window of them."""
        made = self._board.safely(lambda: self._take(counts), self)
        for stream, found in made.items():
            making, ids = self._makings[stream], list(found.ids)
            together = making.unread + ids
            read = len(together) - bool(ids)
            self._texts[stream].items += together[:read]
            making.unread = together[read:]
            making.request = replace(making.request, most=making.request.most - len(ids))
            if found.ended:
                del self._makings[stream]
        return made

    def stop(self, stream: int) -> None:
        """End a text behind the ids that were taken, see `Maker`; nothing where it has ended."""
        if stream in self._makings:
            self._board.safely(lambda: self._stop(stream), self)
            self._texts[stream].items += self._makings.pop(stream).unread[:-1]

    def reset(self) -> None:
        self._makings.clear()
        super().reset()

    def leave(self, stream: int) -> None:
        self._makings.pop(stream, None)
        super().leave(stream)

    def run(self, items: Mapping[int, Sequence[int]]) -> dict[int, StreamStep[StepResult]]:
        for stream in items:
            self._rest(stream)
        return super().run(items)

    def snapshot(self, stream: int = 0) -> State:
        self._rest(stream)
        return super().snapshot(stream)

    def restore(self, state: State, stream: int = 0) -> None:
        self._rest(stream)
        super().restore(state, stream)

    def repeat(self) -> None:
        for making in self._makings.values():
            making.number = -1
        super().repeat()

    def _may_be_read(self, stream: int) -> bool:
        return stream not in self._makings

    def _rest(self, stream: int) -> None:
        if stream in self._makings:
            raise ValueError(f"stream {stream} makes a text; stop it first")

    def _request(self, wanted: Wanted) -> Request:
        image, ends = self.image, tuple(wanted.ends)[:MOST_ENDS]
        if len(ends) < len(wanted.ends):
            raise InputError(f"{self.name}: a request has at most {MOST_ENDS} end tokens, not "
                             f"{len(wanted.ends)}")
        asked = wanted.sampling.parameters(min(image.machine.head.top_k, image.rows))
        return Request(
            entry=image.entries[RUN], row_words=image.row_groups, rows=image.rows,
            mantissa=asked.sharpness[0], exponent=asked.sharpness[1], count=asked.count,
            share=asked.share, seed=asked.seed, text=wanted.text, most=wanted.most, ends=ends,
            candidates=wanted.candidates)

    def _starts(self, stream: int) -> list[Frame]:
        """What begins a text on the board, if that has not been done."""
        making = self._makings[stream]
        if making.number >= 0:
            return []
        making.number = self._next_number()
        return self._given(stream, making.number, making.request, self._texts[stream].position,
                           making.unread)

    def _next_number(self) -> int:
        self._number = (self._number + 1) % NUMBERS
        return self._number

    def _given(self, stream: int, number: int, request: Request, position: int,
               ids: Sequence[int]) -> list[Frame]:
        """A request that begins on the state after ``position`` ids, as frames."""
        place, most = self._places[stream], self._part
        parts = [ids[first:first + most] for first in range(0, len(ids), most)]
        frames = [_frame(Kind.START, place, number, position, request.pack(parts[0]))]
        for part in parts[1:]:
            position += most
            frames.append(_frame(Kind.PART, place, number, position, pack_ids(part)))
        return frames

    def _ask_each(self, frames: Sequence[Frame]) -> None:
        """One after the other: the board reads the ids of one before it takes the next."""
        for frame in frames:
            self._board.ask([frame], self._part)

    @property
    def _window(self) -> int:
        unit = self.image.machine.generates
        assert unit is not None
        return unit.window

    @property
    def _part(self) -> int:
        """Ids that START or PART hold."""
        return most_given(self._window)

    def _take(self, counts: Mapping[int, int]) -> dict[int, Made]:
        *first, last = [[], *([frame] for stream in counts for frame in self._starts(stream))]
        self._ask_each([frame for frames in first for frame in frames])
        # While the board reads the last of them it has room for frames as short as TAKE.
        frames = [*last, *self._takes(counts)]
        answers = self._board.ask(
            frames, max(counts.values()) + (self._part if last else 0))[len(last):]
        return {stream: self._made(self._makings[stream].request, answer)
                for stream, answer in zip(counts, answers, strict=True)}

    def _takes(self, counts: Mapping[int, int]) -> Iterator[Frame]:
        for stream, count in counts.items():
            making = self._makings[stream]
            position = self._texts[stream].position + len(making.unread)
            most = 1 if making.request.candidates else self._window
            yield _frame(Kind.TAKE, self._places[stream], making.number, position,
                         TAKE.pack(min(count, most), position + most))

    def _made(self, request: Request, answer: bytes) -> Made:
        told, data = Told.unpack(answer)
        if not request.candidates:
            return Made(tuple(unpack_ids(data)), told.ended)
        size = ID_BYTES + 4 * self.image.machine.head.result_words(self.image.machine)
        entries = [data[at:at + size] for at in range(0, len(data), size)]
        return Made(
            tuple(unpack_ids(entry[:ID_BYTES])[0] for entry in entries), told.ended,
            tuple(best_candidates(np.frombuffer(entry[ID_BYTES:], "<u4")) for entry in entries))

    def _stop(self, stream: int) -> None:
        """Go back to what was taken; what the board has lost on the way is read again."""
        making, log = self._makings[stream], self._texts[stream]
        read, ids = log.position, [*log.items, *making.unread[:-1]]
        if making.number >= 0:  # else the board was loaded again, and has read the log
            payload = STOP.pack(self._places[stream], making.number, read + len(making.unread))
            frame = Frame(FrameType.STOP, payload, FrameType.STOP_ANSWER)
            read = Told.unpack(self._board.ask([frame], 1)[0])[0].position
        if again := ids[len(log.items) + read - log.position:]:
            self._ask_each(self._given(
                stream, self._next_number(), replace(making.request, most=0), read, again))


def _frame(kind: Kind, place: int, number: int, position: int, payload: bytes) -> Frame:
    return Frame(FrameType.GENERATE, HEADER.pack(kind, place, number, position) + payload,
                 FrameType.GENERATE_ANSWER)


