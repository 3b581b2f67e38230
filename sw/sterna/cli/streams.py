"""Standard output and standard error as the command uses them, whatever is at their other end.

What cannot be told on standard error is left out. A result that standard output does not take ends
the command: with 141 and no word when the reader went away, as the shell tells of SIGPIPE, else
with an error.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sterna.errors import SternaError

_READER_GONE = (errno.EPIPE, *([errno.EINVAL] if os.name == "nt" else []))
"""What a pipe that nobody reads says: on Windows no more than that it does not go."""


class OutputLost(SternaError):
    """Standard output does not take the result."""


class ReaderGone(OutputLost):
    """Nobody reads the result any more."""

    exit_code = 141


class _Errors:
    """A text stream; what its encoding lacks it writes as ``\\u2026``, what it cannot it loses."""

    def __init__(self, stream: Any) -> None:
        self._lost = stream is None  # closed when Python began
        self._stream: Any = io.StringIO() if stream is None else stream
        with suppress(AttributeError, OSError):
            self._stream.reconfigure(errors="backslashreplace")

    def write(self, text: str) -> int:
        """As a file's."""
        return self._do(self._stream.write, text) or 0

    def flush(self) -> None:
        """As a file's."""
        self._do(self._stream.flush)

    def _do(self, act: Callable[..., Any], *text: str) -> Any:
        if not self._lost:
            try:
                return act(*text)
            except OSError as error:
                self._lost = True
                self._failed(error)
        return self._without(*text)

    def _failed(self, error: OSError) -> None:
        # What is left in the buffer goes nowhere; Python would complain of it at its end.
        with suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)

    def _without(self, text: str = "") -> int:
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Output(_Errors):
    """The same, but for whatever is lost it raises `OutputLost`, again and again."""

    _reason = "it is closed"

    def _failed(self, error: OSError) -> None:
        super()._failed(error)
        self._reason = "" if error.errno in _READER_GONE else error.strerror

    def _without(self, text: str = "") -> int:
        if not self._reason:
            raise ReaderGone("")
        if text or self._reason != _Output._reason:
            raise OutputLost(f"standard output: cannot be written ({self._reason})")
        return 0


def reserve() -> None:
    """Open what is closed of the standard streams, so that no file gets their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)


@contextmanager
def guarded() -> Iterator[None]:
    """Standard output and error as above, while the context lasts."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Output(sys.stdout), _Errors(sys.stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
