"""What workers are asked for in tests."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from sterna.cache import cached_folder
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


def summed(model: str, number: int) -> list[Any]:
    """Of what a file in a folder says and the number; also made in the cache."""
    time.sleep(0.1)
    total = number + sum(map(int, (Path(model) / "weights").read_text().split()))
    cached_folder("sums", str(number), lambda made: _write(made / "sum", str(total)))
    return [model, total]


def told(variable: str) -> dict[str, str]:
    """As what tells versions."""
    if variable not in os.environ:
        raise InputError(f"{variable} is not set")
    return {variable: os.environ[variable]}


def _write(file: Path, text: str) -> None:
    file.write_text(text)
