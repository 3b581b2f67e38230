"""What workers are asked for in tests."""

from __future__ import annotations

import os
import time
from pathlib import Path

from sterna.errors import InputError


def double(number: float) -> float:
    print("doubling", number)
    return 2 * number


def fail(why: str) -> None:
    print("before it failed")
    raise ValueError(why)


def refuse(why: str) -> None:
    raise InputError(why)


def die(marker: str = "") -> str:
    """Die always, or only the first time."""
    if marker and Path(marker).exists():
        return "lives"
    if marker:
        Path(marker).touch()
    os._exit(9)


def span(number: int, seconds: float) -> list[float]:
    begin = time.monotonic()
    time.sleep(seconds)
    return [begin, time.monotonic()]


def lasting(marker: str) -> None:
    Path(marker).write_text(str(os.getpid()))
    time.sleep(600)
