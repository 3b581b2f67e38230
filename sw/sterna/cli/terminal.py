"""What the commands print: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Sequence
from itertools import groupby
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sterna.cli.announced_import import AnnouncedImport
from sterna.progress import Report

PATIENCE, INTERVAL = 1.0, 10.0
"""Seconds until a step has a line where there is no terminal, and until it has the next."""


def print_json(value: dict[str, object]) -> None:
    """Exactly one object on standard output."""
    print(json.dumps(value))


def shown(text: object) -> str:
    """Text as a terminal may have it: names in files can hold anything, escapes too."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t"
        else letter.encode("unicode_escape").decode() for letter in str(text))


def print_table(rows: list[tuple[str, object]]) -> None:
    """Names and values in two columns."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(shown(f"{name:<{width}}  {value}"))


def print_text(lines: Sequence[str | tuple[str, object]]) -> None:
    """Lines as they are, names and values in columns."""
    for rows, part in groupby(lines, lambda line: not isinstance(line, str)):
        if rows:
            print_table([line for line in part if not isinstance(line, str)])
        else:
            print("\n".join(shown(line) for line in part))


class ProgressReport(Report):
    """A context that tells of long work: a bar on a terminal, else a line now and then.

    Unless it ``writes``, texts that are made do not come on standard output.
    """

    def __init__(self, writes: bool = True) -> None:
        self._writes = writes
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._step = ""
        self._lines = _Lines()
        self._torch = AnnouncedImport("torch", "starting PyTorch", self)

    def __enter__(self) -> ProgressReport:
        self._torch.begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._torch.end()
        self.end()
        self._lines.stop()

    def __call__(self, step: str, done: int, parts: int) -> None:
        """Tell that `done` of `parts` parts of a step are done."""
        if not self._console.is_terminal:
            self._lines.tell(step, done, parts)
            return
        if step != self._step:
            self.end()
            self._step = step
        if self._bar is None:
            self._bar = Progress(
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
                TimeElapsedColumn(), console=self._console, transient=True,
            )
            self._bar.start()
            self._bar.add_task(step, total=parts)
        self._bar.update(self._bar.task_ids[0], completed=done, total=parts)

    def note(self, line: str) -> None:
        """On standard error, above the bar."""
        self.end()
        print(shown(line), file=sys.stderr, flush=True)

    def write(self, text: str) -> None:
        """On standard output, as it comes."""
        self.end()
        if self._writes:
            sys.stdout.write(text)
            sys.stdout.flush()

    def end(self) -> None:
        """Remove the bar, so that other output can follow."""
        if self._bar is not None:
            self._bar.stop()
        self._bar, self._step = None, ""
        self._lines.rest()


class _Lines:
    """Progress where no bar can be: each step that lasts has a line, and more while it goes on.

    A thread writes them, since nobody may tell anything in the middle of a step.
    """

    def __init__(self) -> None:
        self._step: tuple[str, float] | None = None
        """The step and when it began."""
        self._share = ""
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def tell(self, step: str, done: int, parts: int) -> None:
        """As `Progress`."""
        if self._step is None or self._step[0] != step:
            self._step = step, time.monotonic()
        self._share = f"{100 * done // parts} %, " if parts > 1 else ""
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, daemon=True)
            self._thread.start()

    def rest(self) -> None:
        """No step goes on."""
        self._step = None

    def stop(self) -> None:
        """Write no more."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _write(self) -> None:
        last, due = None, 0.0
        while not self._stopped.wait(PATIENCE / 4):
            now, step, share = time.monotonic(), self._step, self._share
            if step is None or now < step[1] + PATIENCE or (step == last and now < due):
                continue
            line = f"{step[0]}: {share}{now - step[1]:.0f} s" if step == last else f"{step[0]} ..."
            last, due = step, now + INTERVAL
            print(line, file=sys.stderr, flush=True)
