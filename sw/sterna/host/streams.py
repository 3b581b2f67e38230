"""Texts on a board: each lives in a data path of it, and is repeated after a fault."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from sterna.host.board import Board
from sterna.host.counted import Traffic
from sterna.host.device import Output, StreamStep
from sterna.host.log import Log
from sterna.host.result import RunResult
from sterna.host.transport import Transport
from sterna.machine.image import RESET, RUN, Loader, MemoryImage
from sterna.machine.snapshot import State
from sterna.progress import Progress

Item = TypeVar("Item")
"""What one RUN is given: a token, the codes of a time step."""


class Streams(ABC, Generic[Item, Output]):
    """Sequences of items (texts, or the time steps of an input), side by side on a board.

    Each lives in a data path; what a run says of the streams it does not name is nothing, and they
    keep their state. Faults, `loaders` and `timeout` are those of `Board`. Derived classes say how
    an item becomes words of INPUT, and what the words of a RESULT are.
    """

    entry: str
    """What an item is called."""

    def __init__(
        self, transport: Transport, name: str,
        loaders: Mapping[str, Loader] | None = None, timeout: float | None = None,
    ) -> None:
        self.name = name
        self._board = Board(transport, name, loaders, timeout)
        self._result: RunResult | None = None
        self._texts: dict[int, Log[Item]] = {}
        self._places: dict[int, int] = {}

    @abstractmethod
    def _check(self, item: Item) -> None:
        """Raise `InputError` for an item that the image does not take."""

    @abstractmethod
    def _words(self, item: Item, place: int) -> tuple[int, bytes]:
        """The first INPUT word of an item that a data path reads, and what to write there."""

    @abstractmethod
    def _output(self, result: RunResult, place: int) -> Output:
        """What a data path has given."""

    def load(self, image: MemoryImage, progress: Progress | None = None) -> None:
        """Load a memory image, unless the bitstream already holds it, and reset.

        Raises `LinkError` when the board is of another version, machine or model.
        """
        self._board.load(image, progress)
        self.reset()

    @property
    def image(self) -> MemoryImage:
        """What the board was loaded with."""
        return self._board.image

    @property
    def streams(self) -> int:
        """Data paths of the board."""
        return self._board.streams

    @property
    def result(self) -> RunResult:
        """All that the last run sent. Raises ValueError before the first."""
        if self._result is None:
            raise ValueError("nothing has run")
        return self._result

    @property
    def recoveries(self) -> int:
        """How often the board was loaded again, and its texts repeated."""
        return self._board.recoveries

    @property
    def traffic(self) -> Traffic:
        """What went over the board's link."""
        return self._board.traffic

    def reset(self) -> None:
        """Forget all texts: the next item is the first of a new one, in stream 0."""
        self._texts, self._places = {0: Log()}, {0: 0}
        self._board.safely(lambda: self._reset(range(self.streams)), self)

    def step(self, item: Item) -> Output:
        """Compute one item of stream 0. Raises `InputError` for one that the image does not take.
        """
        return self.run({0: [item]})[0].result

    def join(self) -> int:
        """Begin another text, in the stream returned. Raises ValueError when all are in use."""
        free = set(range(self.streams)) - set(self._places.values())
        if not free:
            raise ValueError(f"all {self.streams} streams are in use")
        stream = min(set(range(self.streams)) - set(self._texts))
        # Where most of its prompt can be read at once.
        place = max(sorted(free), key=lambda place: len(
            self._chain(place, self.streams, free - {place})))
        self._texts[stream], self._places[stream] = Log(), place
        self._board.safely(lambda: self._reset([place]), self)
        return stream

    def leave(self, stream: int) -> None:
        """End a text and make room for another one."""
        del self._texts[stream], self._places[stream]

    def run(self, items: Mapping[int, Sequence[Item]]) -> dict[int, StreamStep[Output]]:
        """One run: feed every stream that is named with the first of its items, or more of them.

        Each stream is named with the items that it is to read next, at least one. Raises
        `InputError` for an item that the image does not take, ValueError for an unknown stream.
        """
        for stream, given in items.items():
            if stream not in self._texts or not given:
                raise ValueError(f"stream {stream} has not begun or is given no {self.entry}")
            for item in given:
                self._check(item)
        self._shorten()
        steps = self._board.safely(lambda: self._compute(items), self)
        for stream, step in steps.items():
            self._texts[stream].items += items[stream][:len(step.places)]
        return steps

    def snapshot(self, stream: int = 0) -> State:
        """What a text has kept so far. Raises `InputError` for a board without READ."""
        place, log = self._places[stream], self._texts[stream]
        values = self._board.safely(lambda: self._board.snapshot(place), self)
        return State(log.position, values, self.image.machine.digest())

    def restore(self, state: State, stream: int = 0) -> None:
        """Let a text go on from a snapshot of the program, taken on any machine.

        Raises `InputError` for a snapshot of another one, and for a board without READ.
        """
        self._board.check_state(state.values)
        self._texts[stream] = Log(state)
        self._board.safely(lambda: self._put(stream), self)

    def close(self) -> None:
        """Close the transport."""
        self._board.close()

    def __str__(self) -> str:
        """What is repeated after a fault."""
        items = sum(len(log.items) for log in self._texts.values())
        return f"{items} {self.entry}{'s' * (items != 1)}"

    def repeat(self) -> None:
        """Compute the texts so far again, on a board that has lost them."""
        self._reset(range(self.streams))
        for stream in self._texts:
            self._put(stream)
        left = {stream: log.items for stream, log in self._texts.items() if log.items}
        while left:
            steps = self._compute(left)
            left = {stream: rest for stream, text in left.items()
                    if (rest := text[len(steps[stream].places):])}

    def _reset(self, places: Iterable[int]) -> None:
        self._board.run(RESET, dict.fromkeys(places, 0))

    def _put(self, stream: int) -> None:
        """Restore a text to where its log begins."""
        start = self._texts[stream].start
        if start is not None:
            self._board.restore(start.values, self._places[stream])

    def _may_be_read(self, stream: int) -> bool:
        """Whether the board has read of a stream what its log says."""
        del stream
        return True

    def _shorten(self) -> None:
        """Read texts whose logs are long, which may begin anew then."""
        for stream, log in self._texts.items():
            if self._board.reads and log.is_long and self._may_be_read(stream):
                self._texts[stream] = Log(self.snapshot(stream))

    def _compute(self, items: Mapping[int, Sequence[Item]]) -> dict[int, StreamStep[Output]]:
        """One run; every stream computes in the data path where it lives.

        Further items of a text are chained to the first in the data paths behind it, as far as
        nobody lives there; the text then lives where the last of them was computed.
        """
        free = set(range(self.streams)) - set(self._places.values())
        places = {stream: self._chain(self._places[stream], len(given), free)
                  for stream, given in items.items()}
        fed = {place: self._words(item, place) for stream, given in items.items()
               for place, item in zip(places[stream], given, strict=False)}
        chained = [place for chain in places.values() for place in chain[1:]]
        self._result = result = self._board.run(
            RUN, {place: word for place, (word, _) in fed.items()}, chained,
            {word: data for word, data in fed.values() if data})
        self._places |= {stream: chain[-1] for stream, chain in places.items()}
        return {stream: StreamStep(tuple(chain), self._output(result, chain[-1]))
                for stream, chain in places.items()}

    def _chain(self, first: int, items: int, free: set[int]) -> list[int]:
        """The data paths for so many items of a text that lives in ``first``; takes free ones."""
        chain = [first]
        while self._board.image.chained and len(chain) < items:
            following = (chain[-1] + 1) % self.streams
            if following not in free:
                break
            free.remove(following)
            chain.append(following)
        return chain
