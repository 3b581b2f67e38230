"""What the commands print: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import json
import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


def print_json(value: dict[str, object]) -> None:
    """Exactly one object on standard output."""
    print(json.dumps(value))


def print_table(rows: list[tuple[str, object]]) -> None:
    """Names and values in two columns."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")


class ProgressReport:
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

    def end(self) -> None:
        """Remove the bar, so that other output can follow."""
        if self._bar is not None:
            self._bar.stop()
        self._bar, self._step = None, ""
