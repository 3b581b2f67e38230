"""The file of a study: a line of JSON for the question, and one for every configuration tried.

It is written as results come, and a line that an interrupt cut is left out when it is read; so a
sweep of the same question goes on where it was.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
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
FOUND, REFUSED, SMALL, SLOW, FAILED, LOST = STATES = (
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

    @property
    def is_sound(self) -> bool:
        """Whether a file may have it: every field is what it must be."""
        return (isinstance(self.number, int) and not isinstance(self.number, bool)
                and self.number >= 0 and self.state in STATES and isinstance(self.reason, str)
                and isinstance(self.point, dict) and isinstance(self.numbers, dict)
                and isinstance(self.numbers.get("tried", {}), dict))


class Study:
    """Trials by their numbers; a context that keeps others from the file."""

    def __init__(self, path: Path, question: Mapping[str, Any],
                 may_have: Callable[[Trial], bool]) -> None:
        """``may_have`` tells which trials the question can have."""
        self.path, self._may_have = path, may_have
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
        head = {"format": FORMAT, "question": self._question}
        if not os.path.lexists(self.path):
            self._append(head)
            return
        data = read_bytes(self.path, MOST_BYTES)
        whole = data[:data.rfind(b"\n") + 1]
        if not whole and _line(head).startswith(data):  # an interrupt came before the first line
            self._cut(0)
            self._append(head)
            return
        there, *trials = whole.splitlines() or [b""]
        self._check_head(there)
        found = [self._trial(line, number) for number, line in enumerate(trials, 2)]
        if len(whole) < len(data):
            self._cut(len(whole))
        self.trials = {trial.number: trial for trial in found}

    def _check_head(self, line: bytes) -> None:
        try:
            head = json.loads(line)
        except (ValueError, RecursionError):
            head = None
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise InputError(f"{self.path}: is no study of Sterna's; name another --study")
        if head.get("question") != self._question:
            raise InputError(
                f"{self.path}: is a study of another question "
                f"({_difference(head.get('question'), self._question)} differs); name another "
                "--study")

    def _trial(self, line: bytes, number: int) -> Trial:
        try:
            trial = Trial(**json.loads(line))
        except (ValueError, TypeError, RecursionError):
            trial = None
        if trial is None or not trial.is_sound or not self._may_have(trial):
            raise InputError(f"{self.path}: line {number} is damaged; take it out, so that what it "
                             "told is worked out again, or name another --study")
        return trial

    def _append(self, value: Mapping[str, Any]) -> None:
        try:
            with self.path.open("ab") as file:
                file.write(_line(value))
        except OSError as error:
            raise self._unwritable(error) from None

    def _cut(self, length: int) -> None:
        try:
            os.truncate(self.path, length)
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> InputError:
        return InputError(f"{self.path}: cannot be written ({error.strerror})")


def _line(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value) + "\n").encode()


def _difference(there: object, question: Mapping[str, Any]) -> str:
    known = there if isinstance(there, dict) else {}
    return next((name for name in question if known.get(name) != question[name]), "its question")
