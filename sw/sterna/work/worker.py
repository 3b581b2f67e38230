"""The process of a worker: a line of JSON in, a line of JSON out, until there are no more.

What tasks and their tools print goes into a file for each task, which stays where one fails.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from sterna.work.task import answer

START = "import sys; sys.path[:] = sys.argv[1:]; from sterna.work.worker import main; main()"
"""The program of ``python -c``; its arguments are the path of modules."""


def main() -> None:
    """Work until the other side closes; Ctrl-C is for that side, which then sends SIGTERM."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    asked, answers = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    for line in asked:
        task = json.loads(line)
        log = Path(task["log"])
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w", encoding="utf-8") as file:
            _print_to(file.fileno())
            found = answer(task["call"], task["arguments"], task["log"])
        with open(os.devnull, "w") as nothing:
            _print_to(nothing.fileno())
        if task["log"] not in found.get("error", ""):
            with suppress(OSError):
                log.unlink()
        answers.write(json.dumps(found) + "\n")
        answers.flush()


def _print_to(file: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(file, 1)
    os.dup2(file, 2)
