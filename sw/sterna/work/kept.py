"""Results of tasks that the cache keeps, by all that they depend on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from sterna.cache import digest
from sterna.cache_folder import cache_folder
from sterna.errors import InputError
from sterna.unfinished import write_whole
from sterna.work.sent import content_digest
from sterna.work.task import Done, Task, unique


def kept(tasks: Iterable[Task], versions: Mapping[str, str]) -> tuple[list[Done], list[Task]]:
    """Ends that are known, and the tasks that are to be done; ``versions`` are those of the
    package and tools. Raises `InputError` for a file that cannot be read."""
    known, others = [], []
    for task in unique(tasks):
        try:
            known.append(Done(task, json.loads(_file(task, versions).read_text())))
        except (OSError, ValueError):
            others.append(task)
    return known, others


def keep(done: Done, versions: Mapping[str, str]) -> None:
    """From now on the value of a task is known. Raises `InputError` when it cannot be written."""
    file = _file(done.task, versions)
    try:
        write_whole(file, json.dumps(done.value))
    except OSError as error:
        raise InputError(f"{file}: cannot be written ({error.strerror}); set STERNA_CACHE to a "
                         "folder of your own") from None


def _file(task: Task, versions: Mapping[str, str]) -> Path:
    named = {**task.arguments, **{name: content_digest(Path(task.arguments[name]))
                                  for name in task.files}}
    return cache_folder() / "result" / (digest([task.call, json.dumps(
        [named, dict(versions)], sort_keys=True)]) + ".json")
