"""Python's collector of garbage while a design is made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = 100_000, 50, 1000


@contextmanager
def seldom_collected() -> Iterator[None]:
    """What a design is made of lives until it is written: to look through it again and again took a
    third of the time."""
    before = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
