"""An interrupt at every moment of what writes: one run for each, as a signal would end it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import sterna
from sterna.cli.ending import interrupt_behind
from sterna.unfinished import remove_unfinished

SOURCES = Path(sterna.__file__).parent
WRITERS = ("files/", "cache.py", "unfinished.py", "left_behind.py",
           "machine/container.py")
"""Where interrupts come; what these call is interrupted between its calls."""


class Interrupt:
    """Raises KeyboardInterrupt in the writers, at the `moment`-th of their operations.

    With lines in place of operations every line is one. `passed` counts them.
    """

    def __init__(self, moment: int | None, event: str) -> None:
        self._moment, self._event = moment, event
        self.passed = 0

    def __enter__(self) -> Interrupt:
        gc.collect()  # else a writer that an earlier interrupt left ends in here, and counts
        gc.disable()
        sys.settrace(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        gc.enable()

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        del event, argument
        name = frame.f_code.co_filename
        if not any(name.startswith(str(SOURCES / place)) for place in WRITERS):
            return None
        frame.f_trace_opcodes = self._event == "opcode"
        return self._step

    def _step(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == self._event:
            self.passed += 1
            if self.passed == self._moment:
                raise KeyboardInterrupt
        return self._step


def moments(write: Callable[[], object], event: str, stride: int = 1) -> Iterator[int]:
    """Call `write` again and again, each time with the interrupt later; yields after each.

    What it has left is removed as the command does it. A write may take a few steps fewer than
    the first one did, so that the last moments may find none; all others must.
    """
    with Interrupt(None, event) as whole:
        write()
    assert whole.passed > 20
    yield 0
    for moment in range(1, whole.passed + 1, stride):
        with Interrupt(moment, event) as once:
            try:
                write()
            except BaseException as error:
                assert interrupt_behind(error)
        assert once.passed >= min(moment, whole.passed * 9 // 10)
        remove_unfinished()
        yield moment
