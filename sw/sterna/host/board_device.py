"""A board behind a link as a device."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sterna.compiler.image import ImagePart, MemoryImage
from sterna.errors import LinkError
from sterna.host.counters import Counters
from sterna.host.device import StepResult
from sterna.host.link import ATTEMPTS, AnswerLost, Link, Request
from sterna.host.transport import Transport
from sterna.program.protocol import MAX_PAYLOAD, NO_ROW, VERSION, FrameType, Space

HELLO_SECONDS = 1.0
LOAD_SECONDS = 5.0
RUN_SECONDS = 2.0
RUN_SECONDS_PER_WEIGHT_WORD = 4e-6
"""Added to `RUN_SECONDS`; a board takes a weight word in a clock of far less."""

_INFO = struct.Struct("<HHQQ")
_LOAD = struct.Struct("<BI")
_RUN = struct.Struct("<HII")
_RESULT = struct.Struct("<IIIIIi")
_PAIR = np.dtype([("value", "<i4"), ("row", "<u4")])

_Result = TypeVar("_Result")

Progress = Callable[[str, int, int], None]
"""Told the step in words, the parts done and the parts in all."""


class LinkDevice:
    """An accelerator at the other end of a transport, real or simulated.

    A frame that arrives damaged can write to a wrong place before its checksum shows it, and a
    result that is lost leaves open whether the token was computed. After either the board is loaded
    again and the text so far is repeated; `recoveries` counts how often. A board whose bitstream
    holds the image is not loaded, before or after.

    `load_weights` puts weight words (pieces as in `ImagePart`) into a memory outside in another way
    than over the link.
    """

    def __init__(
        self, transport: Transport, name: str,
        load_weights: Callable[[Iterator[NDArray[np.uint8]]], None] | None = None,
    ) -> None:
        self.name = name
        self._load_weights = load_weights
        self.recoveries = 0
        self._link = Link(transport, name)
        self._image: MemoryImage | None = None
        self._has_contents = False
        self._embedding: Callable[[int], ArrayLike] | None = None
        self._text: list[int] = []

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
        if image.placement == "host" and embedding is None:
            raise ValueError("this image leaves embedding rows to the host: give `embedding`")
        self._has_contents = self._check(image)
        self._image, self._embedding = image, embedding
        if self._has_contents:
            self.reset()
            return
        for _ in range(ATTEMPTS):
            retries = self._link.retries
            self._write_image(image, progress)
            if self._link.retries == retries:
                self.reset()
                return
        raise LinkError(f"{self.name}: the line damages frames all the time; check the cable")

    def reset(self) -> None:
        """Forget the text: the next token is the first of a new one."""
        self._text = []
        self._with_recovery(self._reset)

    def step(self, token: int) -> StepResult:
        """Compute one token. Raises `InputError` for an id outside the vocabulary."""
        self._loaded().input_word(token)
        result = self._with_recovery(lambda: self._compute(token))
        self._text.append(token)
        return result

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
            Request(FrameType.HELLO, b"", FrameType.INFO), HELLO_SECONDS
        )
        version = int.from_bytes(payload[:2], "little")
        if version != VERSION:
            raise LinkError(
                f"{self.name}: has protocol version {version}, this Sterna speaks {VERSION}; "
                "build the board again, or install the matching Sterna"
            )
        wanted = image.configuration.digest()
        if len(payload) != _INFO.size:
            raise LinkError(f"{self.name}: says hello in another way than this version knows")
        _, _, digest, contents = _INFO.unpack(payload)
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

    def _write_image(self, image: MemoryImage, progress: Progress | None) -> None:
        parts = dict(image.parts)
        if self._load_weights is not None:
            self._load_weights(parts.pop(Space.WEIGHTS).pieces())
        self._link.requests(_load_requests(parts, progress), LOAD_SECONDS)

    def _reset(self) -> None:
        self._run("reset", 0)

    def _compute(self, token: int) -> StepResult:
        image = self._loaded()
        if image.placement == "host":
            assert self._embedding is not None
            row = image.input_words(self._embedding(token)).tobytes()
            request = Request(FrameType.LOAD, _LOAD.pack(Space.INPUT, 0) + row, FrameType.ACK)
            self._link.request(request, LOAD_SECONDS)
        return self._run("token", image.input_word(token))

    def _run(self, entry: str, input_word: int) -> StepResult:
        image = self._loaded()
        payload = _RUN.pack(image.entries[entry], input_word, image.rows)
        seconds = RUN_SECONDS + RUN_SECONDS_PER_WEIGHT_WORD * image.parts[Space.WEIGHTS].words
        request = Request(FrameType.RUN, payload, FrameType.RESULT)
        answer = self._link.request(request, seconds, repeatable=False)
        return self._result(answer, image.configuration.top_k)

    def _result(self, payload: bytes, top_k: int) -> StepResult:
        if len(payload) != _RESULT.size + top_k * _PAIR.itemsize:
            raise LinkError(f"{self.name}: a result of {len(payload)} bytes is of no known form")
        *counters, mantissa, exponent = _RESULT.unpack_from(payload)
        pairs = np.frombuffer(payload, _PAIR, offset=_RESULT.size)
        pairs = pairs[pairs["row"] != NO_ROW]
        return StepResult(
            values=pairs["value"].astype(np.int64),
            rows=pairs["row"].astype(np.int64),
            mantissa=mantissa,
            exponent=exponent,
            counters=Counters(*counters),
        )

    def _with_recovery(self, action: Callable[[], _Result]) -> _Result:
        for attempt in range(ATTEMPTS):
            retries = self._link.retries
            try:
                if attempt:
                    self._recover()
                result = action()
            except AnswerLost:
                if attempt + 1 == ATTEMPTS:
                    raise
                continue
            if self._link.retries == retries:
                return result
        raise LinkError(f"{self.name}: the line damages frames all the time; check the cable")

    def _recover(self) -> None:
        """Load the board again and repeat the text so far."""
        self.recoveries += 1
        self._check(self._loaded())  # a board that is gone is found out in seconds
        if not self._has_contents:
            self._write_image(self._loaded(), None)
        self._reset()
        for token in self._text:
            self._compute(token)


def _build_again(image: MemoryImage) -> str:
    return f"build for this one: sterna build {image.model} --board NAME --program"


def _load_requests(
    parts: dict[Space, ImagePart], progress: Progress | None
) -> Iterator[Request]:
    total = sum(part.words * part.size for part in parts.values())
    done = 0
    for space, part in parts.items():
        most = max(1, (MAX_PAYLOAD - _LOAD.size) // part.size)
        first = 0
        for piece in part.pieces():
            for start in range(0, len(piece), most):
                words = piece[start : start + most]
                payload = _LOAD.pack(space, first) + words.tobytes()
                yield Request(FrameType.LOAD, payload, FrameType.ACK)
                first += len(words)
                done += words.size
                if progress is not None:
                    progress("loading the board", done, total)
