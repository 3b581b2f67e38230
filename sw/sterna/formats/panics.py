"""Calls of the tokenizer library, whose faults are of two kinds: errors, and panics.

A panic is raised as no `Exception`, and the library prints it on standard error itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from sterna.errors import InputError

_STANDARD_ERROR = 2


@contextmanager
def one_line(what: str) -> Iterator[None]:
    """Raise `InputError`, ``what`` with the reason, for whatever the library raises.

    What is printed on standard error meanwhile is lost: nothing long may run here.
    """
    with _silent():
        try:
            yield
        except (KeyboardInterrupt, SystemExit, GeneratorExit, InputError):
            raise
        except BaseException as error:
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise InputError(f"{what} ({reason})") from None


@contextmanager
def _silent() -> Iterator[None]:
    try:
        kept = os.dup(_STANDARD_ERROR)
    except OSError:  # it is closed
        yield
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, _STANDARD_ERROR)
        os.close(nowhere)
        yield
    finally:
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)
