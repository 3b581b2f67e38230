"""A single worker: this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sterna.work.task import Done, Task, answer, ended, unique


class Here:
    """Tasks one after the other."""

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None: ...

    def results(self, tasks: Iterable[Task], goes_on: Callable[[], bool] = lambda: True
                ) -> Iterator[Done]:
        """As `sterna.work.task.Workers`."""
        for task in unique(tasks):
            if not goes_on():
                return
            yield ended(task, answer(task.call, task.arguments, "the lines above"))
