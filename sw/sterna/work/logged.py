"""A task whose prints, and those of its tools, go into a file, which stays where it fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sterna.work.task import answer


def logged_answer(call: str, arguments: Mapping[str, Any], log: Path) -> dict[str, Any]:
    """As `sterna.work.task.answer`; the file is kept when the error names it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as file, _printed_to(file.fileno()):
        found = answer(call, arguments, str(log))
    if str(log) not in found.get("error", ""):
        with suppress(OSError):
            log.unlink()
    return found


@contextmanager
def _printed_to(file: int) -> Iterator[None]:
    before = [os.dup(1), os.dup(2)]
    _flush()
    os.dup2(file, 1)
    os.dup2(file, 2)
    try:
        yield
    finally:
        _flush()
        for number, kept in enumerate(before, 1):
            os.dup2(kept, number)
            os.close(kept)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
