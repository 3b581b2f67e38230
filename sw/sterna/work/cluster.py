"""Workers of a Ray cluster: one that is there, or a new one of the cores of this machine.

Ray places tasks by cores and memory, and begins one whose worker or machine dies elsewhere. Files
that tasks need are put into its store once, and each machine unpacks them once.
"""

from __future__ import annotations

import logging
import os
import signal
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import create_connection
from typing import Any
from urllib.parse import urlsplit

import ray
from ray._private import worker as ray_worker
from ray.exceptions import RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from sterna.cache import digest
from sterna.errors import CheckError, InputError, reason
from sterna.work.address import RAY
from sterna.work.alike import Wanted, difference
from sterna.work.far import order, taken
from sterna.work.sent import packed
from sterna.work.task import BEGUN, Done, Task, ended, unique

CHECK_SECONDS = 120
"""That a machine has to say what it has: its first worker imports the package."""
_ANSWER_SECONDS, _END_SECONDS = 10, 3
_LOOK_SECONDS = 2
"""From one look at how many cores the cluster has to the next."""


class Cluster:
    """``most`` tasks at once, of all machines of the cluster together.

    Where this process is connected to one already, that is it, and stays connected.
    """

    def __init__(self, address: str, most: int | None, wanted: Wanted) -> None:
        self._address, self._most, self._wanted = address, most, wanted
        self._own = False
        self._running: dict[Any, Task] = {}
        self._files: dict[str, tuple[str, str, Any]] = {}
        self._looked, self._cores, self._memory = 0.0, 1, 0

    def __enter__(self) -> Cluster:
        """Raises `InputError` when there is no such cluster, and for a worker that is not as this
        process."""
        self._own = not ray.is_initialized()
        if self._own:
            self._connect()
        try:
            self._check()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # Ray 2.60 aborts this process when a task ends behind its cancellation: what ends soon is
        # let end, and only what goes on is cancelled.
        with suppress(Exception):
            left = [*self._running]
            for stop in (False, True):
                for running in left if stop else ():
                    ray.cancel(running, force=True)
                if left:
                    left = ray.wait(left, num_returns=len(left), timeout=_END_SECONDS)[1]
        self._running.clear()
        if self._own:
            ray.shutdown()

    def results(self, tasks: Iterable[Task], goes_on: Callable[[], bool] = lambda: True
                ) -> Iterator[Done]:
        """As `sterna.work.task.Workers`."""
        waiting = unique(tasks)[::-1]
        while True:
            while waiting and len(self._running) < self._room() and goes_on():
                self._begin(waiting.pop())
            if not self._running:
                return
            ready, _ = ray.wait([*self._running], timeout=_LOOK_SECONDS)
            for one in ready:
                yield self._ended(self._running.pop(one), one)

    def _connect(self) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        more: dict[str, Any] = {"address": self._address}
        if self._address == RAY:
            more = {"include_dashboard": False}
        try:
            if self._address != RAY:  # Ray itself tries for half a minute
                parts = urlsplit(self._address)
                create_connection((parts.hostname, parts.port), _ANSWER_SECONDS).close()
            with _own_signals(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ray.init(**more, log_to_driver=False, logging_level=logging.CRITICAL)
            # Else what it tells of machines that are gone is printed between our results.
            ray_worker._worker_logs_enabled = False
        except (OSError, RuntimeError, ValueError) as error:
            raise InputError(f"--on {self._address}: {reason(error)}") from None

    def _check(self) -> None:
        here = self._wanted.here()
        if "error" in here:
            raise InputError(here["error"])
        asked = {}
        for node in ray.nodes():
            if node["Alive"] and node["Resources"].get("CPU"):
                place = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
                asked[_WHAT_IS_THERE.options(scheduling_strategy=place).remote(
                    self._wanted.to_dict())] = node["NodeManagerHostname"]
        ready, silent = ray.wait([*asked], num_returns=len(asked), timeout=CHECK_SECONDS)
        wrong = {asked[one]: "does not answer" for one in silent}
        for one in ready:
            try:
                found = difference(ray.get(one), here)
            except Exception as error:
                found = reason(error)
            if found is not None:
                wrong[asked[one]] = found
        if not asked:
            raise InputError(f"--on {self._address}: the cluster has no machine with a core")
        if wrong:
            told = "; ".join(f"{name}: {what}" for name, what in wrong.items())
            raise InputError(f"--on {self._address}: {told}; install the same there")

    def _room(self) -> int:
        """Tasks at once."""
        if time.monotonic() - self._looked > _LOOK_SECONDS:
            there = [node["Resources"] for node in ray.nodes() if node["Alive"]]
            self._cores = max(1, int(sum(one.get("CPU", 0) for one in there)))
            self._memory = int(max((one.get("memory", 0) for one in there), default=0))
            self._looked = time.monotonic()
        return min(self._cores, self._most or self._cores)

    def _begin(self, task: Task) -> None:
        sent = {name: self._sent(Path(task.arguments[name])) for name in task.files}
        begin = _WORK.options(num_cpus=1, memory=min(task.memory, self._memory), name=task.what,
                              max_retries=BEGUN - 1)
        self._running[begin.remote(order(task, sent))] = task

    def _sent(self, path: Path) -> tuple[str, str, Any]:
        """Name, digest, and where the store has it; within a list, so that no one fetches it who
        has it already."""
        key = os.path.abspath(path)
        if key not in self._files:
            data = packed(Path(key))
            self._files[key] = Path(key).name, digest([Path(key).name, data]), [ray.put(data)]
        return self._files[key]

    def _ended(self, task: Task, one: Any) -> Done:
        try:
            return ended(task, taken(ray.get(one)))
        except RayTaskError as error:
            return Done(task, error=CheckError(f"{task.what}: {reason(error.cause)}"))
        except RayError as error:
            why = reason(error).partition(". ")[0]
            return Done(task, lost=True, error=CheckError(
                f"{task.what}: its worker died {BEGUN} times ({why}); see {task.log.name} in the "
                "folder log of that worker's cache"))


def _what_is_there() -> Callable[..., dict[str, str]]:
    def what_is_there(wanted: dict[str, Any]) -> dict[str, str]:
        try:
            from sterna.work.alike import Wanted
        except ImportError as error:
            return {"error": f"has no sterna, or an older one ({error})"}
        return Wanted(**wanted).here()

    return what_is_there  # a function within another is sent whole, not by the name of its module


def _work(asked: dict[str, Any]) -> dict[str, Any]:
    from sterna.work.far import done

    return done(asked, lambda sent: ray.get(sent[0]))


_WHAT_IS_THERE: Any = ray.remote(num_cpus=0, max_retries=0)(_what_is_there())
_WORK: Any = ray.remote(_work)


@contextmanager
def _own_signals() -> Iterator[None]:
    """Ray takes SIGTERM for itself, which ends a command in its own way."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            with suppress(ValueError):  # not the main thread
                signal.signal(number, handler)
