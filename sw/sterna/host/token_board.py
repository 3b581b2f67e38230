"""A board that computes tokens: texts live in its data paths, and are repeated after a fault."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from sterna.host.board import Board
from sterna.host.counters import Counters
from sterna.host.device import StepResult, StreamStep
from sterna.host.transport import Transport
from sterna.machine.image import Loader, MemoryImage
from sterna.machine.protocol import NO_ROW, result_entries
from sterna.progress import Progress

_COUNTERS = struct.Struct("<IIII")
_SCALE = struct.Struct("<Ii")
_PAIR = np.dtype([("value", "<i4"), ("row", "<u4")])


class TokenBoard:
    """A `sterna.host.device.Device` at the other end of a transport, real, simulated or emulated.

    Token streams live in data paths, one in each; what a run says of the streams it does not name
    is nothing, and they keep their state. Faults, `loaders` and `timeout` are those of `Board`.
    """

    def __init__(
        self, transport: Transport, name: str,
        loaders: Mapping[str, Loader] | None = None, timeout: float | None = None,
    ) -> None:
        self.name = name
        self._board = Board(transport, name, loaders, timeout)
        self._texts: dict[int, list[int]] = {}
        self._places: dict[int, int] = {}

    def load(self, image: MemoryImage, progress: Progress | None = None) -> None:
        """Load a memory image, unless the bitstream already holds it, and reset.

        Raises `LinkError` when the board is of another version, machine or model.
        """
        self._board.load(image, progress)
        self.reset()

    @property
    def streams(self) -> int:
        """Data paths of the board."""
        return self._board.streams

    @property
    def recoveries(self) -> int:
        """How often the board was loaded again, and its texts repeated."""
        return self._board.recoveries

    def reset(self) -> None:
        """Forget all texts: the next token is the first of a new one, in stream 0."""
        self._texts, self._places = {0: []}, {0: 0}
        self._board.safely(lambda: self._reset(range(self.streams)), self)

    def step(self, token: int) -> StepResult:
        """Compute one token of stream 0. Raises `InputError` for an id outside the vocabulary."""
        return self.run({0: [token]})[0].result

    def join(self) -> int:
        """Begin another text, see `Device`."""
        free = set(range(self.streams)) - set(self._places.values())
        if not free:
            raise ValueError(f"all {self.streams} streams are in use")
        stream = min(set(range(self.streams)) - set(self._texts))
        # Where most of its prompt can be read at once.
        place = max(sorted(free), key=lambda place: len(
            self._chain(place, self.streams, free - {place})))
        self._texts[stream], self._places[stream] = [], place
        self._board.safely(lambda: self._reset([place]), self)
        return stream

    def leave(self, stream: int) -> None:
        """End a text, see `Device`."""
        del self._texts[stream], self._places[stream]

    def run(self, tokens: Mapping[int, Sequence[int]]) -> dict[int, StreamStep]:
        """Compute the first token of every stream that is named, see `Device`."""
        image = self._board.image
        for stream, ids in tokens.items():
            if stream not in self._texts or not ids:
                raise ValueError(f"stream {stream} has not begun or is given no token")
            for token in ids:
                image.input_word(token)
        steps = self._board.safely(lambda: self._compute(tokens), self)
        for stream, step in steps.items():
            self._texts[stream] += tokens[stream][:len(step.places)]
        return steps

    def close(self) -> None:
        """Close the transport."""
        self._board.close()

    def __str__(self) -> str:
        """What is repeated after a fault."""
        tokens = sum(map(len, self._texts.values()))
        return f"{tokens} token{'s' * (tokens != 1)}"

    def repeat(self) -> None:
        """Compute the texts so far again, on a board that has lost them."""
        self._reset(range(self.streams))
        left = {stream: text for stream, text in self._texts.items() if text}
        while left:
            steps = self._compute(left)
            left = {stream: rest for stream, text in left.items()
                    if (rest := text[len(steps[stream].places):])}

    def _reset(self, places: Iterable[int]) -> None:
        self._board.run("reset", dict.fromkeys(places, 0))

    def _compute(self, tokens: Mapping[int, Sequence[int]]) -> dict[int, StreamStep]:
        """One run; every stream computes in the data path where it lives.

        Further tokens of a text are chained to the first in the data paths behind it, as far as
        nobody lives there; the text then lives where the last of them was computed.
        """
        image = self._board.image
        free = set(range(self.streams)) - set(self._places.values())
        places = {stream: self._chain(self._places[stream], len(ids), free)
                  for stream, ids in tokens.items()}
        fed = {place: token for stream, ids in tokens.items()
               for place, token in zip(places[stream], ids, strict=False)}
        words = {place: image.input_word(token, place) for place, token in fed.items()}
        if image.embedding is not None:
            self._board.write({words[place]: image.embedding(token).tobytes()
                               for place, token in fed.items()})
        chained = [place for chain in places.values() for place in chain[1:]]
        results = self._results(self._board.run("token", words, chained), sorted(words))
        self._places |= {stream: chain[-1] for stream, chain in places.items()}
        return {stream: StreamStep(tuple(chain), results[chain[-1]])
                for stream, chain in places.items()}

    def _chain(self, first: int, tokens: int, free: set[int]) -> list[int]:
        """The data paths for so many tokens of a text that lives in ``first``; takes free ones."""
        chain = [first]
        while self._board.image.chained and len(chain) < tokens:
            following = (chain[-1] + 1) % self.streams
            if following not in free:
                break
            free.remove(following)
            chain.append(following)
        return chain

    def _results(self, payload: bytes, places: list[int]) -> dict[int, StepResult]:
        """The result of every data path that ran, lowest first."""
        entries = result_entries(self._board.image.machine)
        counters = Counters(*_COUNTERS.unpack_from(payload))
        position, results = _COUNTERS.size, {}
        for place in places:
            mantissa, exponent = _SCALE.unpack_from(payload, position)
            position += _SCALE.size
            pairs = np.frombuffer(payload, _PAIR, entries, position)
            position += pairs.nbytes
            pairs = pairs[pairs["row"] != NO_ROW]
            results[place] = StepResult(
                values=pairs["value"].astype(np.int64),
                rows=pairs["row"].astype(np.int64),
                mantissa=mantissa,
                exponent=exponent,
                counters=counters,
            )
        return results
