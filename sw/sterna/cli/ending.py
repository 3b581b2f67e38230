"""How signals end the command: as an exception, behind which everything is closed and removed.

Ctrl-C, SIGTERM and SIGHUP end with 130, 143 and 129, as a shell tells of them. Only what is needed
from the first moment on is imported here.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

SIGNALS = 128
"""Added to the number of a signal it is the exit code of what it ended."""
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
_IMPORT = "<frozen importlib._bootstrap"
_AGAIN = 0.01
"""Seconds until an interrupt that came to nothing comes again."""


class Interrupted(KeyboardInterrupt):
    """A signal that ends the command."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def listen() -> None:
    """From now on signals raise `Interrupted`, each at most once; those ignored so far stay so."""
    for name in _ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def ignore() -> None:
    """From now on the command ends by itself, undisturbed."""
    for name in _ENDING:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def exit_code(error: BaseException) -> int:
    """The exit code of an interrupt."""
    return SIGNALS + (error.number if isinstance(error, Interrupted) else signal.SIGINT)


def interrupt_behind(error: BaseException | None) -> KeyboardInterrupt | None:
    """The interrupt that an error has come of, if it has: closing what is half done may fail."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error


def message(error: BaseException) -> str:
    """What is told of an interrupt."""
    if isinstance(error, Interrupted) and error.number != signal.SIGINT:
        return f"interrupted ({signal.Signals(error.number).name})"
    return "interrupted"


def tell(error: BaseException) -> None:
    """Say it where nothing else can be used any more, or not yet."""
    with suppress(OSError):
        os.write(2, f"sterna: {message(error)}\n".encode())


def stop_children() -> None:
    """End the tools that others have started for the command and not waited for."""
    for file in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            for child in file.read_text().split():
                os.kill(int(child), signal.SIGKILL)


def _end(number: int, frame: FrameType | None) -> None:
    ignore()
    error = Interrupted(number)
    sys.unraisablehook = _unraisable
    warnings.simplefilter("ignore")  # Amaranth: of what is not used any more
    if not _is_importing(frame):
        raise error
    # Modules that are half imported turn an exception into whatever they like.
    tell(error)
    # It may be half imported itself: then there is nothing yet that it would remove.
    unfinished = sys.modules.get("sterna.unfinished")
    if (remove := getattr(unfinished, "remove_unfinished", None)) is not None:
        remove()
    stop_children()
    os._exit(exit_code(error))


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(_IMPORT):
            return True
        frame = frame.f_back
    return False


def _unraisable(unraisable: Any) -> None:
    """An interrupt within a destructor comes to nothing: it comes again. The rest is silent."""
    if isinstance(unraisable.exc_value, Interrupted) and hasattr(signal, "setitimer"):
        number = unraisable.exc_value.number
        signal.signal(signal.SIGALRM, lambda _, frame: _end(number, frame))
        signal.setitimer(signal.ITIMER_REAL, _AGAIN)
