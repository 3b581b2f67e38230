"""A board at the other end of a transport: words in, words out, with bounded recovery."""

from __future__ import annotations

import logging
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError, LinkError
from sterna.host.counted import CountedTransport, Traffic
from sterna.host.info import Info, read_info
from sterna.host.link import ATTEMPTS, AnswerLost, Link, MemoryFailure, Request
from sterna.host.loading import load_request, load_requests, words_in_frame
from sterna.host.reading import longest_answer, longest_made, read_requests, read_words
from sterna.host.result import RunResult, read_result
from sterna.host.session import BoardTaken, Session
from sterna.host.transport import Transport
from sterna.machine.image import Loader, MemoryImage
from sterna.machine.kept import pack_kept, spans, unpack_kept
from sterna.machine.machine import path_space
from sterna.machine.protocol import MASK_BITS, FrameType, result_words, space_number
from sterna.progress import Progress

HELLO_SECONDS = 1.0
ALONE_SECONDS = 0.5
"""How long a board that others may reach is watched; who uses it has results more often. Also how
long a claim stands before it is believed."""
LOOK_SECONDS = ALONE_SECONDS / 4
"""How often a host that loads looks whether the board is still its own."""
LOAD_SECONDS = 5.0
RUN_SECONDS = 2.0
RUN_SECONDS_PER_WORD = 4e-6
"""Added to `RUN_SECONDS`; a board takes a weight word in a clock of far less."""

Integers = NDArray[np.int64]

_LOG = logging.getLogger(__name__)

_Result = TypeVar("_Result")


class History(Protocol):
    """What brings a board that was loaded again to where it was."""

    def __str__(self) -> str:
        """What is repeated, for people: ``12 tokens``."""
        ...

    def repeat(self) -> None:
        """Reset the state and run again what was run since."""
        ...


class Board:
    """A machine at the other end of a transport, real, simulated or emulated.

    A frame that arrives damaged can write to a wrong place before its checksum shows it, a result
    that is lost leaves open whether the run was carried out, and a board that starts again has lost
    what it held, which the session shows (`sterna.machine.protocol`). After any of these the board
    is loaded again and what was run so far is repeated (`safely`); `recoveries` counts how often,
    and a warning is logged. A board whose bitstream holds the image is not loaded, before or after.

    An error answer of a memory outside is a `LinkError`, since it may come again; what is asked of
    the board after it begins with such a recovery.

    `loaders` put words into memories in another way than over the link. `timeout` is how many
    seconds the board may be silent before it has answered, `HELLO_SECONDS`, `LOAD_SECONDS` and
    `RUN_SECONDS` by default; the time that a run takes is added.
    """

    def __init__(
        self, transport: Transport, name: str,
        loaders: Mapping[str, Loader] | None = None, timeout: float | None = None,
    ) -> None:
        self.name = name
        self.recoveries = 0
        self._timeout = timeout
        self._loaders = dict(loaders or {})
        self._spoiled = ""
        self._counted = CountedTransport(transport)
        self._link = Link(self._counted, name)
        self._shared = getattr(transport, "shared", False)
        self._session = Session(name)
        self._image: MemoryImage | None = None
        self._has_contents = False

    @property
    def image(self) -> MemoryImage:
        """What the board was loaded with. Raises ValueError before `load`."""
        if self._image is None:
            raise ValueError("no image is loaded")
        return self._image

    @property
    def traffic(self) -> Traffic:
        """What went over the link."""
        return self._counted.traffic

    @property
    def streams(self) -> int:
        """Data paths of the board."""
        return self.image.machine.streams

    def load(self, image: MemoryImage, progress: Progress | None = None) -> None:
        """Load a memory image, unless the bitstream already holds it; state is still to be reset.

        Raises `LinkError` when the board is of another version, configuration or model.
        """
        if self._shared:
            self._check_alone()
        self._has_contents = self._check(image)
        self._image = image
        if self._shared:
            self._claim()
        self._link.expect(max(4 * result_words(image.machine, self.streams),
                              longest_answer(image.machine) if self.reads else 0,
                              longest_made(image.machine)))
        for _ in range(ATTEMPTS):
            retries = self._link.retries
            self._begin(progress)
            if self._has_contents or self._link.retries == retries:
                return
        raise self._bad_line()

    def run(self, entry: str, input_words: Mapping[int, int],
            chained: Iterable[int] = (), inputs: Mapping[int, bytes] | None = None) -> RunResult:
        """Run the data paths that are named, each from its input word on; what they give.

        A data path that is chained takes the state that the one before leaves. ``inputs`` are
        written into the input's memory before, each from the word on that it is named by; all of it
        takes a round trip. The session is checked: `AnswerLost` says that the run may or may not
        have been carried out, and on another input.
        """
        image, streams, inputs = self.image, self.streams, inputs or {}
        number = space_number(image.machine, image.input)
        words = [input_words.get(place, 0) for place in range(streams)]
        payload = struct.pack(f"<H{streams}II", image.entries[entry], *words, image.rows)
        if streams > 1:
            for mask in (input_words, chained):
                payload += sum(1 << place for place in mask).to_bytes(MASK_BITS // 8, "little")
        requests = [load_request(number, first, given) for first, given in inputs.items()]
        requests.append(Request(FrameType.RUN, payload, FrameType.RESULT))
        seconds = self._seconds(LOAD_SECONDS if inputs else RUN_SECONDS) + self._run_seconds
        answer = self._link.together(requests, seconds)[-1]
        if len(answer) != 4 * result_words(image.machine, len(input_words)):
            raise LinkError(f"{self.name}: a result of {len(answer)} bytes is of no known form")
        return read_result(image.machine, self._session.check(answer), input_words)

    def ask(self, requests: Sequence[Request], runs: int) -> list[bytes]:
        """Answers, without the session, to requests that may be sent again, of so many runs each.
        """
        seconds = self._seconds(RUN_SECONDS) + runs * self._run_seconds * len(requests)
        return [self._session.without(answer)
                for answer in self._link.requests(requests, seconds)]

    @property
    def _run_seconds(self) -> float:
        return RUN_SECONDS_PER_WORD * sum(part.words for part in self.image.parts.values())

    @property
    def reads(self) -> bool:
        """Whether it answers READ."""
        return self.image.machine.readable

    def snapshot(self, path: int = 0) -> dict[str, Integers]:
        """What a data path keeps from RUN to RUN, by the names of the program.

        Raises `InputError` for a board without READ. The session is checked, as by `run`.
        """
        if not self.reads:
            raise InputError(
                f"{self.name}: its machine has no unit that answers READ, so nothing can be saved "
                "of it; make it again with --snapshots")
        image, words = self.image, {}
        for space, span in spans(image.kept).items():
            place = path_space(space, path)
            # One after the other: behind a UART a board hears nothing while it answers at length.
            answers = [self._link.request(request, self._seconds(LOAD_SECONDS))
                       for request in read_requests(image.machine, place, span)]
            data = b"".join(self._session.without(answer) for answer in answers)
            words[space] = span.start, read_words(image.machine, place, data)
        return unpack_kept(image.kept, words)

    def restore(self, values: Mapping[str, Integers], path: int = 0) -> None:
        """Let a data path go on from a snapshot, which `check_state` has found to be one of it."""
        machine = self.image.machine
        self._load(
            load_request(space_number(machine, path_space(space, path)), first + at,
                         words[at:at + most].tobytes())
            for space, (first, words) in pack_kept(machine, self.image.kept, values).items()
            for most in [words_in_frame(words.shape[1])]
            for at in range(0, len(words), most))

    def check_state(self, values: Mapping[str, Integers]) -> None:
        """Raise `InputError` for what is no snapshot of the program, or a board without READ."""
        if not self.reads:
            raise InputError(f"{self.name}: its machine has no unit that lets LOAD write what a "
                             "RUN writes; make it again with --snapshots")
        try:
            pack_kept(self.image.machine, self.image.kept, values)
        except InputError as error:
            raise InputError(f"{self.name}: {self.image.model}: {error}") from None

    def safely(self, action: Callable[[], _Result], history: History) -> _Result:
        """The result of an action on a board of which nothing was lost meanwhile, else again."""
        reason = self._spoiled
        for attempt in range(ATTEMPTS):
            retries = self._link.retries
            try:
                if reason:
                    self._recover(reason, history)
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
        raise self._bad_line()

    def close(self) -> None:
        """Close the transport; safe to call twice."""
        self._link.close()

    def _recover(self, reason: str, history: History) -> None:
        self.recoveries += 1
        _LOG.warning("%s: %s; loading it again and repeating %s", self.name, reason, str(history))
        # A board that is gone is found out in seconds.
        self._has_contents = self._check(self.image)
        self._begin(None)
        history.repeat()
        self._spoiled = ""

    def _check(self, image: MemoryImage) -> bool:
        """Whether the board holds this image already; raise if it is no board for it."""
        info, wanted = self._hello(), image.machine.digest()
        digest, contents = info.machine, info.contents
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

    def _hello(self) -> Info:
        return read_info(self.name, self._link.request(
            Request(FrameType.HELLO, b"", FrameType.INFO), self._seconds(HELLO_SECONDS)))

    def _check_alone(self) -> None:
        """Raise `BoardTaken` while the board sends results to somebody else, or is loaded."""
        if session := self._hello().session:
            time.sleep(ALONE_SECONDS)
            if self._hello().session != session:
                raise BoardTaken(self.name)

    def _claim(self) -> None:
        """Let one of several hosts that begin at the same moment have the board; raise for others.

        Each writes its session and looks after a while whose is there: the last one's, for all of
        them. (Mutual exclusion by a delay: Fischer, in Lamport, "A fast mutual exclusion
        algorithm", 1987.) No word is loaded before.
        """
        self._link.request(self._session.begin(), self._seconds(HELLO_SECONDS))
        time.sleep(ALONE_SECONDS)
        self._check_own()

    def _check_own(self) -> bool:
        return self._session.check_shown(self._hello().session)

    def _load_watched(self, requests: Iterable[Request]) -> None:
        """Load, and stop before the first word of a host that has claimed the board meanwhile.

        The session is begun again and again, by which others see that the board is in use. That of
        a board that has started again is left, and its first result will show it.
        """
        pending = iter(requests)
        for first in pending:
            self._load(_for_a_while(first, pending))
            if self._check_own():
                self._link.request(self._session.begin(), self._seconds(HELLO_SECONDS))

    def _begin(self, progress: Progress | None) -> None:
        """Begin a session, and fill the memories unless the bitstream has.

        In this order, so that a board which starts again meanwhile is found out.
        """
        self._link.request(self._session.begin(), self._seconds(HELLO_SECONDS))
        if self._has_contents:
            return
        parts = dict(self.image.parts)
        for space, load in self._loaders.items():
            load(parts.pop(space).pieces())
        requests = load_requests(self.image.machine, parts, progress)
        if self._shared:
            self._load_watched(requests)
        else:
            self._load(requests)

    def _load(self, requests: Iterable[Request]) -> None:
        self._link.requests(requests, self._seconds(LOAD_SECONDS))

    def _seconds(self, usual: float) -> float:
        return self._timeout or usual

    def _bad_line(self) -> LinkError:
        return LinkError(f"{self.name}: the line damages frames all the time; check the cable")


def _for_a_while(first: Request, pending: Iterator[Request]) -> Iterator[Request]:
    end = time.monotonic() + LOOK_SECONDS
    yield first
    while time.monotonic() < end and (request := next(pending, None)) is not None:
        yield request


def _build_again(image: MemoryImage) -> str:
    return f"build for this one: sterna build {image.model} --board NAME --program"
