"""Two ways to make ids: chosen here after each run, or by a board that feeds itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from sterna.host.device import Device, Maker, StepResult
from sterna.host.pace import Pace
from sterna.law.sampling import choose
from sterna.sharing.job import LENGTH, STOP, Job, Token

MOST_AT_ONCE = 64
"""Ids of an answer, for which other clients wait."""

Keep = Callable[[int, Job], None]
"""Keeps what a stream has read, in which a job is that has read all but the last of its ids."""


@dataclass(frozen=True)
class Event:
    """What a round did for a job: ids that it read of those given, and those made."""

    job: Job
    read: int
    tokens: tuple[Token, ...] = ()


class Way(Protocol):
    """How jobs in their streams go on."""

    def go_on(self, running: Mapping[int, Job], share: int) -> list[Event]:
        """One round of all: of a job at most ``share`` ids."""
        ...

    def pause(self, stream: int, job: Job) -> None:
        """The job is to leave its stream, which then has read ``job.read``."""
        ...


class Here:
    """A run of the device for each id."""

    def __init__(self, device: Device, keep: Keep) -> None:
        self._device, self._keep = device, keep

    def pause(self, stream: int, job: Job) -> None:
        del stream, job  # it has read what the job says

    def go_on(self, running: Mapping[int, Job], share: int) -> list[Event]:
        events: list[Event] = []
        unread = {stream: job.unread[:-1] if job.is_prompt_to_keep else job.unread
                  for stream, job in running.items()}
        steps = self._device.run({stream: ids[:share] for stream, ids in unread.items()})
        for stream, step in steps.items():
            job, read = running[stream], len(step.places)
            job.read += unread[stream][:read]
            if read < len(unread[stream]) or job.unread:
                if len(job.unread) == 1:
                    self._keep(stream, job)
                events.append(Event(job, read))
                continue
            result = step.result
            values = result.values.tolist()
            place = choose(values, (result.mantissa, result.exponent),
                           job.wish.sampling.parameters(len(values)), job.wish.number,
                           len(job.read))
            tokens = job.add(int(result.rows[place]), result)
            events.append(Event(job, read - (len(job.made) > 1), tokens))
        return events


class OnBoard:
    """Some ids at a time, as many as come in the time in which a reader sees a text grow."""

    def __init__(self, maker: Maker, keep: Keep) -> None:
        self._maker, self._keep, self._pace = maker, keep, Pace(MOST_AT_ONCE)
        self._making: set[int] = set()

    def pause(self, stream: int, job: Job) -> None:
        if stream in self._making:
            self._making.remove(stream)
            self._maker.stop(stream)
            job.read = [*job.wish.ids, *job.made][:-1]

    def go_on(self, running: Mapping[int, Job], share: int) -> list[Event]:
        making, events = {}, []
        for stream, job in running.items():
            ids = job.unread
            if stream in self._making:
                making[stream] = 0
            elif job.is_prompt_to_keep or len(ids) > share:
                events.append(self._read(stream, job, ids[:-1][:share]))
            else:
                self._maker.begin(stream, ids, job.wanted())
                self._making.add(stream)
                making[stream] = len(ids) - bool(job.made)
        if making:
            events += self._take(running, making, share)
        return events

    def _read(self, stream: int, job: Job, ids: list[int]) -> Event:
        self._maker.begin(stream, ids, replace(job.wanted(), most=0))
        self._maker.take({stream: 1})
        job.read += ids
        if len(job.unread) == 1:
            self._keep(stream, job)
        return Event(job, len(ids))

    def _take(self, running: Mapping[int, Job], making: Mapping[int, int], share: int
              ) -> list[Event]:
        counts = {stream: 1 if running[stream].is_careful else min(share, self._pace.count)
                  for stream in making}
        with self._pace.answer():
            made = self._maker.take(counts)
        return [self._event(stream, running[stream], making[stream], found.ids, found.ended,
                            found.candidates) for stream, found in made.items()]

    def _event(self, stream: int, job: Job, read: int, ids: tuple[int, ...], ended: bool,
               candidates: tuple[StepResult, ...]) -> Event:
        tokens: list[Token] = []
        for place, token in enumerate(ids):
            tokens += job.add(token, candidates[place] if candidates else None)
        if ended:
            self._making.discard(stream)
            job.read = [*job.wish.ids, *job.made][:-1]
            job.finish = job.finish or (STOP if job.left else LENGTH)
        return Event(job, read, tuple(tokens))
