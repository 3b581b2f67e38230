"""Workers that are processes of this machine, as many as its cores and its memory take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from sterna.errors import CheckError
from sterna.work.task import BEGUN, Done, Task, ended, unique
from sterna.work.worker import START

_LIMIT = Path("/sys/fs/cgroup/memory.max")


class _Worker:
    """A process, with a thread that hands on what it answers, None at its end."""

    def __init__(self, answers: SimpleQueue[tuple[_Worker, str | None]]) -> None:
        self._answers = answers
        self._process = subprocess.Popen(
            [sys.executable, "-c", START, *sys.path], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8")
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def begin(self, task: Task) -> None:
        """Send it; that nobody takes it any more is seen by the reader."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(json.dumps({
                "call": task.call, "arguments": dict(task.arguments), "log": str(task.log)}) + "\n")
            self._process.stdin.flush()

    def end(self) -> None:
        """Stop it, and the tool that it waits for."""
        self._process.terminate()

    def wait(self) -> int:
        """Until it is gone; how it ended."""
        code = self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        return code

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put((self, line))
        self._answers.put((self, None))


class Local:
    """``cores`` workers at most, whose tasks take ``memory`` bytes together, or one alone."""

    def __init__(self, cores: int | None = None, memory: int | None = None) -> None:
        self._cores = cores or available_cores()
        self._memory = memory or available_memory()
        self._answers: SimpleQueue[tuple[_Worker, str | None]] = SimpleQueue()
        self._free: list[_Worker] = []
        self._running: dict[_Worker, Task] = {}

    def __enter__(self) -> Local:
        return self

    def __exit__(self, *_: object) -> None:
        workers = [*self._free, *self._running]
        for worker in workers:
            worker.end()
        for worker in workers:
            worker.wait()

    def results(self, tasks: Iterable[Task], goes_on: Callable[[], bool] = lambda: True
                ) -> Iterator[Done]:
        """As `sterna.work.task.Workers`."""
        waiting, begun = unique(tasks), Counter[str]()
        while True:
            while goes_on() and (task := self._next(waiting)) is not None:
                waiting.remove(task)
                begun[task.key] += 1
                worker = self._free.pop() if self._free else _Worker(self._answers)
                self._running[worker] = task
                worker.begin(task)
            if not self._running:
                return
            worker, line = self._answers.get()
            if line is None and worker in self._free:
                self._free.remove(worker)
                worker.wait()
                continue
            task = self._running.pop(worker)
            if line is not None:
                self._free.append(worker)
                yield ended(task, json.loads(line))
                continue
            code = worker.wait()
            if begun[task.key] < BEGUN:
                waiting.insert(0, task)
            else:
                yield Done(task, error=CheckError(
                    f"{task.what}: its worker died {BEGUN} times (exit code {code}); "
                    f"see {task.log}"), lost=True)

    def _next(self, waiting: list[Task]) -> Task | None:
        """The first for which there is room."""
        if len(self._running) >= self._cores:
            return None
        taken = sum(task.memory for task in self._running.values())
        return next((task for task in waiting
                     if not taken or taken + task.memory <= self._memory), None)


def available_cores() -> int:
    """That this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_memory() -> int:
    """Bytes of the machine, or of the container if that has less; 4 GB where nothing tells."""
    found = []
    with suppress(ValueError, OSError, AttributeError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(ValueError, OSError):
        found.append(int(_LIMIT.read_text()))
    return min(found, default=4 << 30)
