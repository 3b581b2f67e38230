"""What a worker is asked for, and what comes of it."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from sterna.cache import digest
from sterna.cache_folder import cache_folder
from sterna.errors import CheckError, InputError, SternaError
from sterna.extras import missing_line

MEGABYTE = 1 << 20
BEGUN = 2
"""Times that a task is begun whose worker dies."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A call of a function of Sterna's, by name, so that it can be made anywhere."""

    what: str
    """In words, for who waits."""
    call: str
    """``module:function``; its arguments and what it returns are values that JSON has."""
    arguments: Mapping[str, Any]
    memory: int = 500 * MEGABYTE
    """Bytes that it takes at most."""
    files: tuple[str, ...] = ()
    """Arguments that name files or folders, which other machines do not have."""
    makes: tuple[str, ...] = ()
    """Folders of the cache that are wanted of it beside its value, as ``kind/name``."""

    @property
    def key(self) -> str:
        """A digest: tasks with the same one give the same."""
        return digest([self.call, json.dumps(self.arguments, sort_keys=True)])

    @property
    def log(self) -> Path:
        """What it printed, where it failed."""
        return cache_folder() / "log" / f"{self.key}.log"


@dataclass(frozen=True)
class Done:
    """The end of a task: its value, or why there is none."""

    task: Task
    value: Any = None
    error: SternaError | None = None
    lost: bool = False
    """Whether its workers died, so that another time it may end otherwise."""

    def result(self) -> Any:
        """The value. Raises the error."""
        if self.error is not None:
            raise self.error
        return self.value


class Workers(Protocol):
    """A context; whatever ends it stops what still runs."""

    def __enter__(self) -> Workers: ...

    def __exit__(self, *_: object) -> None: ...

    def results(self, tasks: Iterable[Task], goes_on: Callable[[], bool]) -> Iterator[Done]:
        """The end of each task, in the order in which they end; of equal ones that of one.

        A worker that dies costs its task, which is begun once more elsewhere. What was not begun
        when ``goes_on`` says no is left out.
        """
        ...


def answer(call: str, arguments: Mapping[str, Any], log: str) -> dict[str, Any]:
    """What a worker sends back: a ``value``, or an ``error`` with its ``exit_code``."""
    module, _, function = call.partition(":")
    try:
        return {"value": getattr(import_module(module), function)(**arguments)}
    except SternaError as error:
        return {"error": str(error), "exit_code": error.exit_code}
    except ModuleNotFoundError as error:
        if (line := missing_line(error)) is not None:
            return {"error": line, "exit_code": InputError.exit_code}
        return _failed(error, log)
    except Exception as error:
        return _failed(error, log)


def ended(task: Task, answered: Mapping[str, Any]) -> Done:
    """What a worker's answer means."""
    if "error" not in answered:
        return Done(task, answered["value"])
    kind = InputError if answered["exit_code"] == InputError.exit_code else CheckError
    return Done(task, error=kind(answered["error"]))


def unique(tasks: Iterable[Task]) -> list[Task]:
    """One of all that are equal, in order."""
    return list({task.key: task for task in tasks}.values())


def _failed(error: Exception, log: str) -> dict[str, Any]:
    traceback.print_exc(file=sys.stderr)
    return {"error": f"{type(error).__name__}: {error}; see {log}",
            "exit_code": CheckError.exit_code}
