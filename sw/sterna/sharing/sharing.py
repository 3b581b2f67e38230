"""The texts of many clients on the token streams of one device.

Texts are admitted in the order in which they came. While others wait, one that has had its share,
`QUANTUM` ids read or made, goes behind them: nobody waits longer than the shares of those before
him. A stream keeps what it has read until another text needs it: a text that begins with that goes
on there. What has to leave a stream is read out to be restored, where the device can be read, else
it is read again; then a text has the more ids at a time, the more have to be read again for them.

Each text is what it would be alone: its random numbers depend on its seed, its number and the
position alone.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from sterna.errors import InputError
from sterna.host.device import Device
from sterna.machine.units.generate import MOST_ENDS
from sterna.sharing.counted import Counted
from sterna.sharing.job import HOST, LENGTH, READ, SLOT, Job, Queued, Wish
from sterna.sharing.kept import KeptStates
from sterna.sharing.ways import Event, Here, OnBoard, Way

QUANTUM = 32
LEAST_KEPT = 16
"""Ids that a text must have read for its state to be worth keeping."""


@dataclass(eq=False)
class _Place:
    """A stream: the job in it, or what the last one has read there."""

    stream: int
    read: list[int] = field(default_factory=list)
    job: Job | None = None
    paused: Job | None = None
    """The last one, if it is to go on."""
    spent: int = 0
    """Ids of the job since it came here."""
    share: int = 0
    """How many it may have before others come: more where some have to be read again, so that at
    least as many come of it."""
    used: int = 0
    """When it was used last, by the number of the round."""


class Sharing:
    """The streams of a device, which is reset; nobody else may use it meanwhile."""

    def __init__(self, device: Device, quantum: int = QUANTUM) -> None:
        self.device, self.counted, self.states = device, Counted(), KeptStates()
        self.quantum = quantum
        self._waiting: deque[Job] = deque()
        self._places: list[_Place] = []
        self._round = 0
        self.begin()

    def begin(self) -> None:
        """Forget all texts, on the device too."""
        self._waiting.clear()
        self._places.clear()
        self.device.reset()
        self.readable = _is_readable(self.device)
        self.device.leave(0)
        maker = self.device.maker
        self._here = Here(self.device, self._keep)
        self._on_board = None if maker is None else OnBoard(maker, self._keep)

    @property
    def running(self) -> int:
        """Jobs in streams."""
        return sum(place.job is not None for place in self._places)

    @property
    def waiting(self) -> int:
        """Jobs that have no stream now."""
        return len(self._waiting)

    def submit(self, wish: Wish) -> Job:
        """Another job, behind all others. Raises `InputError` for sampling that it cannot do."""
        wish.sampling.parameters(self.device.candidates)
        job = Job(wish)
        if not job.left:
            job.finish = LENGTH
        else:
            self._queue(job)
        return job

    def cancel(self, job: Job) -> None:
        """End a job that nobody wants any more; nothing for one that is done."""
        if job in self._waiting:
            self._waiting.remove(job)
        for place in self._places:
            if place.paused is job:
                place.paused = None
            if place.job is job:
                self._way(job).pause(place.stream, job)
                self._leave(place)

    def go_on(self) -> list[Event]:
        """One round: who waits gets a stream if it is his turn, and all texts in streams go on.

        Returns what each of them did. Raises what the device raises.
        """
        self._round += 1
        start = time.monotonic()
        self._take_turns()
        running = {place.stream: place for place in self._places if place.job is not None}
        events: list[Event] = []
        for way in (self._here, self._on_board):
            jobs = {stream: place.job for stream, place in running.items()
                    if place.job is not None and self._way(place.job) is way}
            if way is not None and jobs:
                events += way.go_on(jobs, self.quantum)
        self._count({id(place.job): place for place in running.values()}, events,
                    time.monotonic() - start)
        return events

    def _count(self, places: dict[int, _Place], events: list[Event], seconds: float) -> None:
        counted = self.counted
        counted.busy_seconds += seconds
        reading = sum(event.read for event in events)
        made = sum(len(event.tokens) for event in events)
        counted.read += reading
        counted.made += made
        if reading:
            counted.read_seconds += seconds * reading / (reading + made)
        for event in events:
            place = places[id(event.job)]
            place.spent += event.read + len(event.tokens)
            place.used = self._round
            if event.job.finish is not None:
                self._leave(place)

    def _way(self, job: Job) -> Way:
        if self._on_board is None or len(job.wish.ends) > MOST_ENDS:
            return self._here
        return self._on_board

    def _take_turns(self) -> None:
        """Jobs that have had their share make room, and those that wait come in."""
        free = self.device.streams - self.running
        for place in sorted(self._places, key=lambda place: -place.spent):
            if free >= len(self._waiting):
                break
            job = place.job
            if job is not None and place.spent >= place.share:
                self._way(job).pause(place.stream, job)
                self._leave(place)
                place.paused = job
                self._queue(job)
                self.counted.turns += 1
                free += 1
        while self._waiting and self.running < self.device.streams:
            self._admit(self._waiting.popleft())

    def _queue(self, job: Job) -> None:
        before = self.quantum * (self.waiting + self.running)
        job.queued = Queued(time.monotonic(), self.counted.done, before)
        self._waiting.append(job)

    def _end_wait(self, job: Job) -> None:
        counted, queued, job.queued = self.counted, job.queued, None
        assert queued is not None
        counted.waits.add(time.monotonic() - queued.at)
        if (done := counted.done - queued.done):
            counted.longest_shares = max(counted.longest_shares, done / queued.before)

    def _leave(self, place: _Place) -> None:
        job, place.job = place.job, None
        assert job is not None
        place.read, place.spent = job.read, 0

    def _admit(self, job: Job) -> None:
        """Give a job a stream: that which has read the beginning of its ids, or any."""
        self._end_wait(job)
        ids = [*job.wish.ids, *job.made]
        there = max((place for place in self._places
                     if place.job is None and place.paused in (None, job)
                     and len(place.read) < len(ids) and ids[:len(place.read)] == place.read),
                    key=lambda place: len(place.read), default=None)
        kept, state = self.states.longest(ids)
        if job.state is not None:
            kept, state = len(job.read), job.state
        if there is not None and there.read and len(there.read) >= kept:
            place, found = there, SLOT
            self.counted.kept += len(place.read)
        else:
            place, found = self._free(), READ
            if state is not None:
                found = HOST
                start = time.monotonic()
                self.device.restore(state, place.stream)
                self.counted.restore_seconds += time.monotonic() - start
                self.counted.restored += kept
                place.read = ids[:kept]
        job.read, job.state, place.job, place.paused = [*place.read], None, job, None
        again = len(job.unread) - 1 if job.begun else 0
        place.share = again + max(self.quantum, again)
        if not job.begun:
            job.kept, job.found, job.begun = len(place.read), found, True
        place.used = self._round

    def _free(self) -> _Place:
        """A stream that has read nothing; what another one has there is read out if it is worth it.
        """
        if len(self._places) == self.device.streams:
            place = min((place for place in self._places if place.job is None),
                        key=lambda place: place.used)
            self._save(place)
            self._places.remove(place)
            self.device.leave(place.stream)
        self._places.append(_Place(self.device.join()))
        return self._places[-1]

    def _save(self, place: _Place) -> None:
        owner = place.paused
        if (owner is None and len(place.read) < LEAST_KEPT) or not self.readable:
            return
        start = time.monotonic()
        state = self.device.snapshot(place.stream)
        self.counted.save_seconds += time.monotonic() - start
        if owner is None:
            self.states.keep(place.read, state)
        else:
            owner.state = state

    def _keep(self, stream: int, job: Job) -> None:
        """Keep the state behind a prompt for texts that begin with it: what comes behind it may be
        written in other ids the next time."""
        if self.readable and job.wish.conversation and len(job.read) >= LEAST_KEPT:
            start = time.monotonic()
            self.states.keep(job.read, self.device.snapshot(stream))
            self.counted.save_seconds += time.monotonic() - start


def _is_readable(device: Device) -> bool:
    """Whether what stream 0 keeps can be read out."""
    try:
        device.snapshot()
    except InputError:
        return False
    return True
