"""What the commands print: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
import threading
import time
from collections.abc import Mapping, Sequence
from itertools import groupby
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

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


def columns() -> int | None:
    """How many letters fit on a line, where standard output is a terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def print_table(rows: Sequence[tuple[str, object]]) -> None:
    """Names and values in two columns; on a terminal values are wrapped between words."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        begin = shown(f"{name:<{width}}  ")
        print("\n".join(wrapped(begin, shown(value), columns())))


def wrapped(begin: str, text: str, most: int | None) -> list[str]:
    """Lines of at most so many letters, those behind the first indented as that; no word, and so no
    number, is split, and what has lines of its own stays as it is."""
    if most is None or "\n" in text or len(begin) + len(text) <= most:
        return [begin + text]
    indent = " " * len(begin) if len(begin) < most // 2 else "    "
    return textwrap.wrap(text, most, initial_indent=begin, subsequent_indent=indent,
                         break_long_words=False, break_on_hyphens=False) or [begin]


def print_columns(rows: Sequence[Mapping[str, object]]) -> None:
    """A table with names of columns, aligned, as Markdown takes it; on a terminal that is too
    narrow for it each row by itself, under its first value."""
    names = [name.replace("_", " ") for name in rows[0]]
    cells = [["" if value is None else shown(value) for value in row.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    most = columns()
    if most is not None and sum(widths) + 3 * len(widths) + 1 > most:
        for number, row in enumerate(cells):
            print(("\n" if number else "") + row[0])
            print_table([(f"  {name}", cell) for name, cell in
                         zip(names[1:], row[1:], strict=True) if cell])
        return
    for line in (names, ["-" * width for width in widths], *cells):
        told = " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print(f"| {told} |")


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
                TimeElapsedColumn(), TimeRemainingColumn(), console=self._console, transient=True,
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
        self._share, self._first, self._left = "", 0, ""
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def tell(self, step: str, done: int, parts: int) -> None:
        """As `Progress`."""
        if self._step is None or self._step[0] != step:
            self._step, self._first = (step, time.monotonic()), done
        self._share, self._left = f"{100 * done // parts} %, " if parts > 1 else "", ""
        if parts > 1 and done > self._first:
            each = (time.monotonic() - self._step[1]) / (done - self._first)
            self._left = f", {each * (parts - done):.0f} s left"
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
            now, step, share, left = time.monotonic(), self._step, self._share, self._left
            if step is None or now < step[1] + PATIENCE or (step == last and now < due):
                continue
            told = f"{share}{now - step[1]:.0f} s{left}"
            line = f"{step[0]}: {told}" if step == last else f"{step[0]} ..."
            last, due = step, now + INTERVAL
            print(line, file=sys.stderr, flush=True)
