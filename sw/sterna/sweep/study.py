"""The file of a study: a line of JSON for the question, and one for every configuration tried.

It is written as results come, and a line that an interrupt cut is left out when it is read; so a
sweep of the same question goes on where it was.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from sterna.cache import digest
from sterna.cache_folder import cache_folder
from sterna.errors import InputError
from sterna.reading import read_bytes

FORMAT = "sterna study 1"
MOST_BYTES = 1 << 30
FOUND, REFUSED, SMALL, SLOW, FAILED, LOST = (
    "found", "refused", "no room", "too slow", "failed", "lost")
"""States: all but the first were left out, for a ``reason``; a failed one was worked for, and of a
lost one the workers died, so that it is not kept."""


@dataclass(frozen=True)
class Trial:
    """A configuration that was tried; the first, without values, is the board's own."""

    number: int
    point: Mapping[str, Any]
    state: str
    reason: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    """What is known of it, objectives by their names."""

    @property
    def found(self) -> bool:
        """Whether it has all its numbers."""
        return self.state == FOUND


class Study:
    """Trials by their numbers; a context that keeps others from the file."""

    def __init__(self, path: Path, question: Mapping[str, Any]) -> None:
        self.path = path
        self._question = dict(question)
        name = digest([os.path.realpath(path)])
        self._lock = FileLock(cache_folder() / "study" / f"{name}.lock")
        self.trials: dict[int, Trial] = {}

    def __enter__(self) -> Study:
        """Read what is there. Raises `InputError` for what is no study, or one of another question,
        and while another sweep has it."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            Path(self._lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(blocking=False)
        except Timeout:
            raise InputError(f"{self.path}: another sweep is at it; wait for that, or name another "
                             "--study") from None
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            self._read()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def add(self, trial: Trial) -> None:
        """Keep a trial, in the file too unless it was lost. Raises `InputError` when that cannot be
        written."""
        self.trials[trial.number] = trial
        if trial.state != LOST:
            self._append(asdict(trial))

    def _read(self) -> None:
        if not os.path.lexists(self.path):
            self._append({"format": FORMAT, "question": self._question})
            return
        data = read_bytes(self.path, MOST_BYTES)
        whole = data[:data.rfind(b"\n") + 1]
        try:
            lines = [json.loads(line) for line in whole.splitlines()]
            head = lines[0]
            trials = [Trial(**line) for line in lines[1:]]
        except (ValueError, TypeError, IndexError):
            head, trials = {}, []
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise InputError(f"{self.path}: is no study of Sterna's; name another --study")
        if head["question"] != self._question:
            raise InputError(
                f"{self.path}: is a study of another question ({_difference(head, self._question)} "
                "differs); name another --study")
        if len(whole) < len(data):
            self._cut(len(whole))
        self.trials = {trial.number: trial for trial in trials}

    def _append(self, value: Mapping[str, Any]) -> None:
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(value) + "\n")
        except OSError as error:
            raise self._unwritable(error) from None

    def _cut(self, length: int) -> None:
        try:
            os.truncate(self.path, length)
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> InputError:
        return InputError(f"{self.path}: cannot be written ({error.strerror})")


def _difference(head: Mapping[str, Any], question: Mapping[str, Any]) -> str:
    there = head["question"] if isinstance(head["question"], dict) else {}
    return next((name for name in question if there.get(name) != question[name]), "its question")
