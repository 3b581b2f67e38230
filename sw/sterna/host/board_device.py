"""A board behind a link as a device."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from sterna.errors import LinkError
from sterna.host.counters import Counters
from sterna.host.device import StepResult, StreamStep
from sterna.host.info import read_info
from sterna.host.link import ATTEMPTS, AnswerLost, Link, MemoryFailure, Request
from sterna.host.loading import load_request, load_requests
from sterna.host.session import Session
from sterna.host.transport import Transport
from sterna.machine.configuration import HardwareConfiguration
from sterna.machine.image import Loader, MemoryImage
from sterna.machine.protocol import (
    MASK_BITS,
    NO_ROW,
    FrameType,
    Space,
    result_words,
    token_streams,
)
from sterna.progress import Progress

HELLO_SECONDS = 1.0
LOAD_SECONDS = 5.0
RUN_SECONDS = 2.0
RUN_SECONDS_PER_WEIGHT_WORD = 4e-6
"""Added to `RUN_SECONDS`; a board takes a weight word in a clock of far less."""

_LOG = logging.getLogger(__name__)
_COUNTERS = struct.Struct("<IIII")
_SCALE = struct.Struct("<Ii")
_PAIR = np.dtype([("value", "<i4"), ("row", "<u4")])

_Result = TypeVar("_Result")


class LinkDevice:
    """An accelerator at the other end of a transport, real or simulated.

    A frame that arrives damaged can write to a wrong place before its checksum shows it, a result
    that is lost leaves open whether the token was computed, and a board that starts again has lost
    what it held, which the session shows (`sterna.machine.protocol`). After any of these the board
    is loaded again and the text so far is repeated; `recoveries` counts how often, and a warning is
    logged. A board whose bitstream holds the image is not loaded, before or after.

    An error answer of a memory outside is a `LinkError`, since it may come again; what is asked of
    the device after it begins with such a recovery.

    Token streams live in data paths, one in each; what a run says of the streams it does not name
    is nothing, and they keep their state.

    `loaders` put words into memories in another way than over the link. `timeout` is how many
    seconds the board may be silent before it has answered, `HELLO_SECONDS`, `LOAD_SECONDS` and
    `RUN_SECONDS` by default; the time that a token takes is added.
    """

    def __init__(
        self, transport: Transport, name: str,
        loaders: Mapping[Space, Loader] | None = None, timeout: float | None = None,
    ) -> None:
        self.name = name
        self._timeout = timeout
        self._loaders = dict(loaders or {})
        self.recoveries = 0
        self._spoiled = ""
        self._link = Link(transport, name)
        self._session = Session(name)
        self._image: MemoryImage | None = None
        self._has_contents = False
        self._embedding: Callable[[int], ArrayLike] | None = None
        self._texts: dict[int, list[int]] = {}
        self._places: dict[int, int] = {}

    def load(
        self,
        image: MemoryImage,
        embedding: Callable[[int], ArrayLike] | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Load a memory image, unless the bitstream already holds it, and reset.

        `embedding` gives the row of a token, words; it is needed if the image leaves the rows to
        the host. Raises `LinkError` when the board is of another version, configuration or
        model.
        """
        if "token" in image.entries and image.placement == "host" and embedding is None:
            raise ValueError("this image leaves embedding rows to the host: give `embedding`")
        self._has_contents = self._check(image)
        self._image, self._embedding = image, embedding
        self._link.expect(4 * result_words(image.configuration, self.streams))
        for _ in range(ATTEMPTS):
            retries = self._link.retries
            self._begin(progress)
            if self._has_contents or self._link.retries == retries:
                self.reset()
                return
        raise LinkError(f"{self.name}: the line damages frames all the time; check the cable")

    @property
    def streams(self) -> int:
        """Data paths of the board."""
        return token_streams(self._loaded().configuration)

    def reset(self) -> None:
        """Forget all texts: the next token is the first of a new one, in stream 0."""
        self._texts, self._places = {0: []}, {0: 0}
        self._with_recovery(lambda: self._reset(range(self.streams)))

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
        self._with_recovery(lambda: self._reset([place]))
        return stream

    def leave(self, stream: int) -> None:
        """End a text, see `Device`."""
        del self._texts[stream], self._places[stream]

    def run(self, tokens: Mapping[int, Sequence[int]]) -> dict[int, StreamStep]:
        """Compute the first token of every stream that is named, see `Device`."""
        image = self._loaded()
        for stream, ids in tokens.items():
            if stream not in self._texts or not ids:
                raise ValueError(f"stream {stream} has not begun or is given no token")
            for token in ids:
                image.input_word(token)
        steps = self._with_recovery(lambda: self._compute(tokens))
        for stream, step in steps.items():
            self._texts[stream] += tokens[stream][:len(step.places)]
        return steps

    def close(self) -> None:
        """Close the transport."""
        self._link.close()

    def _loaded(self) -> MemoryImage:
        if self._image is None:
            raise ValueError("no image is loaded")
        return self._image

    def _check(self, image: MemoryImage) -> bool:
        """Whether the board holds this image already; raise if it is no board for it."""
        payload = self._link.request(
            Request(FrameType.HELLO, b"", FrameType.INFO), self._timeout or HELLO_SECONDS
        )
        info, wanted = read_info(self.name, payload), image.configuration.digest()
        digest, contents = info.configuration, info.contents
        if digest != wanted:
            raise LinkError(
                f"{self.name}: has a bitstream of configuration {digest:016x}, {image.model} is "
                f"compiled for {wanted:016x}; give the configuration that the board was built "
                f"with, or {_build_again(image)}"
            )
        if contents and contents != image.contents:
            raise LinkError(
                f"{self.name}: has a bitstream with model {contents:016x} in it, {image.model} is "
                f"{image.contents:016x}; run the model that the board was built with, or "
                f"{_build_again(image)}"
            )
        return contents != 0

    def _begin(self, progress: Progress | None) -> None:
        """Begin a session, and fill the memories unless the bitstream has.

        In this order, so that a board which starts again meanwhile is found out.
        """
        self._link.request(self._session.begin(), self._timeout or HELLO_SECONDS)
        if self._has_contents:
            return
        parts = dict(self._loaded().parts)
        for space, load in self._loaders.items():
            load(parts.pop(space).pieces())
        self._load(load_requests(parts, progress))

    def _load(self, requests: Iterable[Request]) -> None:
        self._link.requests(requests, self._timeout or LOAD_SECONDS)

    def _reset(self, places: Iterable[int]) -> None:
        self._run("reset", dict.fromkeys(places, 0))

    def _compute(self, tokens: Mapping[int, Sequence[int]]) -> dict[int, StreamStep]:
        """One run; every stream computes in the data path where it lives.

        Further tokens of a text are chained to the first in the data paths behind it, as far as
        nobody lives there; the text then lives where the last of them was computed.
        """
        image = self._loaded()
        free = set(range(self.streams)) - set(self._places.values())
        places = {stream: self._chain(self._places[stream], len(ids), free)
                  for stream, ids in tokens.items()}
        fed = {place: token for stream, ids in tokens.items()
               for place, token in zip(places[stream], ids, strict=False)}
        words = {place: image.input_word(token, place) for place, token in fed.items()}
        if image.placement == "host":
            embedding = self._embedding
            assert embedding is not None
            self._load(
                load_request(Space.INPUT, words[place],
                             image.input_words(embedding(token)).tobytes())
                for place, token in fed.items()
            )
        chained = [place for chain in places.values() for place in chain[1:]]
        results = self._run("token", words, chained)
        self._places |= {stream: chain[-1] for stream, chain in places.items()}
        return {stream: StreamStep(tuple(chain), results[chain[-1]])
                for stream, chain in places.items()}

    def _chain(self, first: int, tokens: int, free: set[int]) -> list[int]:
        """The data paths for so many tokens of a text that lives in ``first``; takes free ones."""
        chain = [first]
        while self._loaded().chained and len(chain) < tokens:
            following = (chain[-1] + 1) % self.streams
            if following not in free:
                break
            free.remove(following)
            chain.append(following)
        return chain

    def _run(self, entry: str, input_words: Mapping[int, int],
             chained: Iterable[int] = ()) -> dict[int, StepResult]:
        """Run the named data paths, each from its input word on."""
        image, streams = self._loaded(), self.streams
        words = [input_words.get(place, 0) for place in range(streams)]
        payload = struct.pack(f"<H{streams}II", image.entries[entry], *words, image.rows)
        if streams > 1:
            for mask in (input_words, chained):
                payload += sum(1 << place for place in mask).to_bytes(MASK_BITS // 8, "little")
        return self._results(self._request_run(payload, len(input_words)), sorted(input_words))

    def _request_run(self, payload: bytes, streams: int = 1) -> bytes:
        """Send a RUN of so many streams and wait for its RESULT; the session is checked."""
        words = self._loaded().parts[Space.WEIGHTS].words
        request = Request(FrameType.RUN, payload, FrameType.RESULT)
        seconds = (self._timeout or RUN_SECONDS) + RUN_SECONDS_PER_WEIGHT_WORD * words
        answer = self._link.request(request, seconds, repeatable=False)
        if len(answer) != 4 * result_words(self._loaded().configuration, streams):
            raise LinkError(f"{self.name}: a result of {len(answer)} bytes is of no known form")
        return self._session.check(answer)

    def _results(self, payload: bytes, places: list[int]) -> dict[int, StepResult]:
        """The result of every data path that ran, lowest first."""
        configuration = self._loaded().configuration
        assert isinstance(configuration, HardwareConfiguration)
        counters = Counters(*_COUNTERS.unpack_from(payload))
        position, results = _COUNTERS.size, {}
        for place in places:
            mantissa, exponent = _SCALE.unpack_from(payload, position)
            position += _SCALE.size
            pairs = np.frombuffer(payload, _PAIR, configuration.top_k, position)
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

    def _with_recovery(self, action: Callable[[], _Result]) -> _Result:
        reason = self._spoiled
        for attempt in range(ATTEMPTS):
            retries = self._link.retries
            try:
                if reason:
                    self._recover(reason)
                result = action()
            except MemoryFailure:
                self._spoiled = "its memory had answered with an error"
                raise
            except AnswerLost as error:
                if attempt + 1 == ATTEMPTS:
                    raise
                reason = error.reason
                continue
            if self._link.retries == retries:
                return result
            reason = "the line damaged a frame"
        raise LinkError(f"{self.name}: the line damages frames all the time; check the cable")

    def _recover(self, reason: str) -> None:
        """Load the board again and repeat the texts so far."""
        self.recoveries += 1
        _LOG.warning("%s: %s; loading it again and repeating %s", self.name, reason,
                     self._what_is_repeated())
        # A board that is gone is found out in seconds.
        self._has_contents = self._check(self._loaded())
        self._begin(None)
        self._reset(range(self.streams))
        self._repeat()
        self._spoiled = ""

    def _what_is_repeated(self) -> str:
        tokens = sum(map(len, self._texts.values()))
        return f"{tokens} token{'s' * (tokens != 1)}"

    def _repeat(self) -> None:
        """Compute the texts so far."""
        left = {stream: text for stream, text in self._texts.items() if text}
        while left:
            steps = self._compute(left)
            left = {stream: rest for stream, text in left.items()
                    if (rest := text[len(steps[stream].places):])}


def _build_again(image: MemoryImage) -> str:
    return f"build for this one: sterna build {image.model} --board NAME --program"

