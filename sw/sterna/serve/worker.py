"""The thread that has the device: what clients want comes in, what was made goes out."""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sterna.errors import SternaError
from sterna.formats.tokenizer import StreamingDecoder, Tokenizer
from sterna.serve.text import StoppedText
from sterna.sharing.counted import Waits
from sterna.sharing.job import HOST, READ, SLOT, STOP, Job, Token, Wish
from sterna.sharing.sharing import Sharing
from sterna.sharing.ways import Event


class Full(Exception):
    """So many wait that no more are taken."""


@dataclass(frozen=True)
class Piece:
    """A part of an answer: whole characters, the ids that were made, and at the end the reason.

    ``failure`` is the line of an error that ended it, ``late`` whether its deadline did.
    """

    text: str = ""
    tokens: tuple[Token, ...] = ()
    finish: str | None = None
    failure: str | None = None
    late: bool = False

    @property
    def is_last(self) -> bool:
        """Whether nothing comes behind it."""
        return self.finish is not None or self.failure is not None


@dataclass(eq=False)
class Ticket:
    """A text that a client waits for; ``deliver`` is called in the worker's thread."""

    wish: Wish
    stops: tuple[str, ...]
    deliver: Callable[[Piece], None]
    deadline: float
    came: float = field(default_factory=time.monotonic)
    job: Job | None = None
    first: float | None = None
    """Seconds until its first id."""

    @property
    def kept(self) -> int:
        """Ids that had not to be read."""
        return 0 if self.job is None else self.job.kept


@dataclass
class _Answer:
    ticket: Ticket
    text: StoppedText
    decoder: StreamingDecoder


class Worker:
    """Owns a device until it is closed; may be asked by any thread."""

    def __init__(self, sharing: Sharing, tokenizer: Tokenizer, most_waiting: int) -> None:
        self.sharing = sharing
        self.waits = {found: Waits() for found in (READ, SLOT, HOST)}
        """For first ids, by where the beginning of the text was."""
        self._tokenizer, self._most = tokenizer, most_waiting + sharing.device.streams
        self._changed = threading.Condition()
        self._come: deque[Ticket] = deque()
        self._beginning: deque[Ticket] = deque()
        self._gone: deque[Ticket] = deque()
        self._active: dict[Job, _Answer] = {}
        self._closed = self._broken = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    @property
    def clients(self) -> int:
        """Texts that somebody waits for."""
        return len(self._active) + len(self._come) + len(self._beginning)

    def submit(self, tickets: list[Ticket]) -> None:
        """Queue texts, all or none. Raises `Full`."""
        with self._changed:
            if self._closed or self.clients + len(tickets) > self._most:
                raise Full
            self._come += tickets
            self._changed.notify()

    def cancel(self, ticket: Ticket) -> None:
        """Nobody waits for a text any more; nothing where it has ended."""
        with self._changed:
            self._gone.append(ticket)
            self._changed.notify()

    def close(self) -> None:
        """End the thread; the device stays open. Safe to call twice."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not (self._come or self._gone or self._active or self._closed):
                    self._changed.wait()
                if self._closed:
                    break
                gone = list(self._gone)
                self._gone.clear()
                self._beginning += self._come
                self._come.clear()
            try:
                while self._beginning:  # who asks waits for no device meanwhile
                    self._begin(self._beginning[0])
                    self._beginning.popleft()
                for ticket in gone:
                    self._drop(ticket)
                self._end_late()
                if self._active:
                    self._round()
            except SternaError as error:
                self._fail(str(error))
            except Exception as error:  # nobody may wait for a thread that is no more
                traceback.print_exc()
                self._fail(f"a fault of the server ({type(error).__name__}: {error})")
        for answer in [*self._active.values()]:
            answer.ticket.deliver(Piece(failure="the server ends"))

    def _begin(self, ticket: Ticket) -> None:
        try:
            if self._broken:
                self.sharing.begin()
                self._broken = False
            job = ticket.job = self.sharing.submit(ticket.wish)
        except SternaError as error:
            ticket.deliver(Piece(failure=str(error)))
            return
        if job.finish is not None:
            ticket.deliver(Piece(finish=job.finish))
            return
        self._active[job] = _Answer(ticket, StoppedText(ticket.stops),
                                    self._tokenizer.stream(ticket.wish.ids))

    def _drop(self, ticket: Ticket) -> None:
        if ticket.job is not None and ticket.job in self._active:
            del self._active[ticket.job]
            self.sharing.cancel(ticket.job)

    def _end_late(self) -> None:
        now = time.monotonic()
        for answer in [*self._active.values()]:
            if now > answer.ticket.deadline:
                self._drop(answer.ticket)
                answer.ticket.deliver(
                    Piece(failure="the deadline of the request has passed", late=True))

    def _round(self) -> None:
        for event in self.sharing.go_on():
            if event.job in self._active:
                self._deliver(event)

    def _deliver(self, event: Event) -> None:
        job = event.job
        answer = self._active[job]
        ticket, text = answer.ticket, answer.text
        if event.tokens and ticket.first is None:
            ticket.first = time.monotonic() - ticket.came
            self.waits[job.found].add(ticket.first)
        shown, used = "", 0
        for token in event.tokens:
            used += 1
            shown += text.push(answer.decoder.push(token.id))
            if text.stopped:
                break
        finish = job.finish
        if finish is not None and not text.stopped:
            shown += text.push(answer.decoder.finish()) + text.finish()
        if text.stopped:
            finish = STOP
            self.sharing.cancel(job)
        if finish is not None:
            del self._active[job]
        if shown or used or finish is not None:
            ticket.deliver(Piece(shown, event.tokens[:used], finish))

    def _fail(self, line: str) -> None:
        """The device has failed: all that were waiting are told, and it is begun anew."""
        self._broken = True
        for ticket in [*self._beginning, *(answer.ticket for answer in self._active.values())]:
            ticket.deliver(Piece(failure=line))
        self._beginning.clear()
        self._active.clear()
