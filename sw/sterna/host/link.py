"""Requests and answers over a transport, with retries."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil
from time import monotonic

from sterna.errors import LinkError
from sterna.host.transport import Transport
from sterna.machine.frames import Frame, FrameDecoder, encode_frame
from sterna.machine.protocol import FAILED_READ, FAILED_WRITE, FAILURE_BITS, ErrorCode, FrameType

ATTEMPTS = 3
WINDOW = 4
"""Frames that may be under way before the first of them is answered."""
LONGEST_ANSWER = 1024
"""More than any answer has, so that a damaged length does not swallow the answers behind it."""
NOISE = 4096
"""Bytes outside good frames that may come before an answer; zeros do not count."""
SLOWEST = 50
"""Bytes a second of the slowest board, which is a simulated one."""
TIMEOUTS = 20
"""Times of silence that an answer may take from its first byte on, where bytes come slowly."""
_PIECE = 64
"""Bytes that are read before the clock is looked at again."""

_MEANING: dict[int, str] = {
    ErrorCode.TYPE: "it does not know this request; is its bitstream older than this software?",
    ErrorCode.LENGTH: "the request has a wrong length; was the board built by this version?",
    ErrorCode.SPACE: "the data do not fit its memories; was it built for another configuration?",
}


def _failure(code: int, request: str) -> str:
    kind, base = ("write", FAILED_WRITE) if code >= FAILED_WRITE else ("read", FAILED_READ)
    return (f"the memory behind AXI4 port {code - base} answered a {kind} with an error (SLVERR or "
            f"DECERR) during {request}; see that it is started and mapped where the port "
            f"{kind}s, then load the model again")


class MemoryFailure(LinkError):
    """The board's memory answered with an error: what the board holds and computed is lost."""


class AnswerLost(LinkError):
    """The request may or may not have been carried out: no good answer arrived."""

    reason = "an answer did not arrive"
    """What happened, in words, where the driver sets it right."""


class FrameDamaged(AnswerLost):
    """The board says that a frame did not arrive whole, and may have acted on a part of it."""

    reason = "the line damaged a frame"


class RequestForgotten(AnswerLost):
    """The board does not make the text that it was asked for."""

    reason = "the board started again or lost its state"


@dataclass(frozen=True)
class Request:
    """A frame to send and the type of the answer that it expects."""

    type: FrameType
    payload: bytes
    answer: FrameType


@dataclass
class _Sent:
    """A request on its way, with its place among the answers."""

    index: int
    request: Request
    failures: int = 0


class Link:
    """Sends requests and returns the payloads of their answers.

    Frames that were received damaged or not answered are sent again, which `retries` counts, but
    not those that are sent `together`.
    """

    def __init__(self, transport: Transport, name: str = "board") -> None:
        self._transport = transport
        self._decoder = FrameDecoder(LONGEST_ANSWER)
        self._received: deque[Frame] = deque()
        self._sequence = 0
        self._name = name
        self.retries = 0

    def request(self, request: Request, timeout: float) -> bytes:
        """One request; returns the payload of its answer.

        Raises `AnswerLost` after `ATTEMPTS` time-outs, `LinkError` when the board refuses the
        request or is gone.
        """
        return self.requests([request], timeout)[0]

    def requests(self, requests: Iterable[Request], timeout: float) -> list[bytes]:
        """Many requests, up to `WINDOW` of them under way at once; answers in order.

        Requests are taken as they can be sent. `timeout` is how long no byte may come while an
        answer is missing, in seconds. Errors as in `request`.
        """
        answers: dict[int, bytes] = {}
        waiting: dict[int, _Sent] = {}
        source = enumerate(requests)
        while True:
            for index, request in islice(source, WINDOW - len(waiting)):
                self._send(_Sent(index, request), waiting)
            if not waiting:
                return [answers[index] for index in range(len(answers))]
            frame = self._receive(timeout)
            if frame is None:
                lost = list(waiting.values())
                waiting.clear()
                self._fail(lost[0], timeout)
                for sent in lost:
                    self._send(sent, waiting)
                continue
            sent = waiting.pop(frame.sequence, None)
            if sent is None:
                continue  # answers a frame that was given up, or one nobody sent
            if frame.type == sent.request.answer:
                answers[sent.index] = frame.payload
                continue
            self._refused(frame, sent.request)
            self._fail(sent, timeout)
            self._send(sent, waiting)

    def together(self, requests: Sequence[Request], timeout: float) -> list[bytes]:
        """Requests of which each builds on those before, sent at once; their answers in order.

        A round trip for all of them. None is sent again: when one was lost or damaged the board may
        have carried out the others, so their answers are waited for, and `AnswerLost` is raised.
        `timeout` and other errors are those of `requests`.
        """
        answers: dict[int, bytes] = {}
        waiting: dict[int, _Sent] = {}
        failure: LinkError | None = None
        for index, request in enumerate(requests):
            self._send(_Sent(index, request), waiting)
        while waiting:
            frame = self._receive(timeout)
            if frame is None:
                raise failure or self._lost(1, timeout)
            sent = waiting.pop(frame.sequence, None)
            if sent is None:
                continue
            # The board answers in order: what was sent before and is not answered never will be.
            for earlier in [key for key, one in waiting.items() if one.index < sent.index]:
                del waiting[earlier]
                failure = failure or self._lost(1, timeout)
            if frame.type == sent.request.answer:
                answers[sent.index] = frame.payload
            else:
                failure = failure or self._failure_of(frame, sent.request)
        if failure is not None:
            raise failure
        return [answers[index] for index in range(len(answers))]

    def expect(self, longest: int) -> None:
        """Accept answers with payloads of so many bytes."""
        self._decoder.longest = max(LONGEST_ANSWER, longest)

    def close(self) -> None:
        """Close the transport."""
        self._transport.close()

    def _send(self, sent: _Sent, waiting: dict[int, _Sent]) -> None:
        self._sequence = (self._sequence + 1) % 256
        frame = Frame(sent.request.type, self._sequence, sent.request.payload)
        self._transport.write(encode_frame(frame))
        waiting[self._sequence] = sent

    def _receive(self, timeout: float) -> Frame | None:
        """The next frame; None when the board is silent, or sends nothing but noise."""
        noise = NOISE + self._decoder.longest
        limit, end = max(TIMEOUTS * timeout, self._decoder.longest / SLOWEST), None
        while not self._received:
            wanted = min(self._decoder.missing(), _PIECE)
            data = self._transport.read(wanted, timeout)
            self._received += self._decoder.feed(data)
            told = len(data) - data.count(0)
            noise -= told
            if told and end is None:
                end = monotonic() + limit
            late = end is not None and monotonic() > end
            if not self._received and (noise < 0 or late):
                self._decoder.clear()
                return None
            if not self._received and len(data) < wanted:
                self._received += self._decoder.give_up()
                if not self._received:
                    self._decoder.clear()
                    return None
        return self._received.popleft()

    def _refused(self, frame: Frame, request: Request) -> None:
        """Return if the request is to be sent again, raise if that cannot help."""
        failure = self._failure_of(frame, request)
        if not isinstance(failure, FrameDamaged):
            raise failure

    def _failure_of(self, frame: Frame, request: Request) -> LinkError:
        """What an answer of another type than expected says."""
        name = request.type.name
        if frame.type != FrameType.ERROR or len(frame.payload) != 1:
            return LinkError(
                f"{self._name}: answered {name} with a frame of type {frame.type:#04x}; was it "
                "built by another version?"
            )
        code = frame.payload[0]
        if FAILED_READ <= code < 1 << FAILURE_BITS:
            return MemoryFailure(f"{self._name}: {_failure(code, name)}")
        if code == ErrorCode.REQUEST:
            return RequestForgotten(
                f"{self._name}: the board forgets texts again and again; see its supply, and that "
                "no other program uses it")
        if code == ErrorCode.CRC:
            return FrameDamaged(
                f"{self._name}: the line damages frames all the time; check the cable")
        return LinkError(
            f"{self._name}: refused {name}: {_MEANING.get(code, f'error {code}')}")

    def _fail(self, sent: _Sent, timeout: float) -> None:
        sent.failures += 1
        if sent.failures >= ATTEMPTS:
            raise self._lost(sent.failures, timeout)
        self.retries += 1

    def _lost(self, attempts: int, timeout: float) -> AnswerLost:
        times = f"{attempts} attempt{'s' * (attempts != 1)}"
        return AnswerLost(
            f"{self._name}: no good answer in {times}; is it switched on, "
            "configured, and at this address and speed? When this machine is busy, give it "
            f"longer: --timeout {ceil(4 * timeout)}"
        )
