"""The texts of one request, between the worker's thread and the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from starlette.requests import Request

from sterna.serve.errors import Refused
from sterna.serve.service import Service
from sterna.serve.worker import Full, Piece, Ticket
from sterna.sharing.job import Wish


class Texts:
    """Queued as they are made; nobody waits for them after `cancel`.

    Raises `Refused` when too many wait.
    """

    def __init__(self, service: Service, wishes: Sequence[Wish], stops: tuple[str, ...]) -> None:
        self._worker, self._loop = service.worker, asyncio.get_running_loop()
        self._pieces: asyncio.Queue[tuple[int, Piece]] = asyncio.Queue()
        deadline = time.monotonic() + service.limits.deadline
        self.left, self.made = len(wishes), 0
        self.tickets = [Ticket(wish, stops, self._deliver(index), deadline)
                        for index, wish in enumerate(wishes)]
        try:
            self._worker.submit(self.tickets)
        except Full:
            raise Refused(429, "too many texts wait already; try again later", code="queue_full",
                          headers={"Retry-After": "1"}) from None

    async def next(self) -> tuple[int, Piece]:
        """The number of a text, and its next piece."""
        index, piece = await self._pieces.get()
        self.left -= piece.is_last
        self.made += len(piece.tokens)
        return index, piece

    @staticmethod
    def error(piece: Piece) -> Refused | None:
        """What a piece says that went wrong."""
        if piece.failure is None:
            return None
        return (Refused(504, piece.failure, code="deadline") if piece.late
                else Refused(503, piece.failure, code="device"))

    async def whole(self, request: Request) -> list[list[Piece]]:
        """All pieces of all texts. Raises `Refused` for what ends with an error, and when the
        client has left, who will not see it."""
        work = asyncio.ensure_future(self._all())
        gone = asyncio.ensure_future(_has_left(request))
        try:
            done, _ = await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if work not in done:
                raise Refused(499, "the client has left")
            return work.result()
        finally:
            work.cancel()
            gone.cancel()
            self.cancel()

    async def _all(self) -> list[list[Piece]]:
        found: list[list[Piece]] = [[] for _ in self.tickets]
        while self.left:
            index, piece = await self.next()
            if (error := self.error(piece)) is not None:
                raise error
            found[index].append(piece)
        return found

    def cancel(self) -> None:
        """Nobody waits any more."""
        if self.left:
            for ticket in self.tickets:
                self._worker.cancel(ticket)

    def _deliver(self, index: int) -> Callable[[Piece], None]:
        def deliver(piece: Piece) -> None:
            try:
                self._loop.call_soon_threadsafe(self._pieces.put_nowait, (index, piece))
            except RuntimeError:  # the loop has ended, and with it all who wait
                return

        return deliver


async def _has_left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
