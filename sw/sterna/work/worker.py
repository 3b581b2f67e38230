"""The process of a worker: a line of JSON in, a line of JSON out, until there are no more."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from sterna.work.logged import logged_answer

START = "import sys; sys.path[:] = sys.argv[1:]; from sterna.work.worker import main; main()"
"""The program of ``python -c``; its arguments are the path of modules."""


def main() -> None:
    """Work until the other side closes; Ctrl-C is for that side, which then sends SIGTERM."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    asked, answers = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    with open(os.devnull, "r+") as nothing:
        for number in range(3):
            os.dup2(nothing.fileno(), number)
    for line in asked:
        task = json.loads(line)
        found = logged_answer(task["call"], task["arguments"], Path(task["log"]))
        answers.write(json.dumps(found) + "\n")
        answers.flush()
