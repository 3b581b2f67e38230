"""What the commands print: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from itertools import groupby
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sterna.progress import Report


def print_json(value: dict[str, object]) -> None:
    """Exactly one object on standard output."""
    print(json.dumps(value))


def print_table(rows: list[tuple[str, object]]) -> None:
    """Names and values in two columns."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")


def print_text(lines: Sequence[str | tuple[str, object]]) -> None:
    """Lines as they are, names and values in columns."""
    for rows, part in groupby(lines, lambda line: not isinstance(line, str)):
        if rows:
            print_table([line for line in part if not isinstance(line, str)])
        else:
            print("\n".join(str(line) for line in part))


class ProgressReport(Report):
    """A context that tells of long work: a bar on a terminal, else one line for each step."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._step = ""

    def __enter__(self) -> ProgressReport:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def __call__(self, step: str, done: int, parts: int) -> None:
        """Tell that `done` of `parts` parts of a step are done."""
        new = step != self._step
        if new:
            self.end()
            self._step = step
        if not self._console.is_terminal:
            if new:
                print(f"{step} ...", file=sys.stderr, flush=True)
            return
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
        print(line, file=sys.stderr, flush=True)

    def write(self, text: str) -> None:
        """On standard output, as it comes."""
        self.end()
        sys.stdout.write(text)
        sys.stdout.flush()

    def end(self) -> None:
        """Remove the bar, so that other output can follow."""
        if self._bar is not None:
            self._bar.stop()
        self._bar, self._step = None, ""
