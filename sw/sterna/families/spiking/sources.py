"""How a source names a torch module: ``net.py:make_net``."""

from __future__ import annotations

import os
import re
from math import prod
from pathlib import Path

from sterna.errors import InputError
from sterna.numerals import whole

MOST_INPUTS = 1 << 20
_NAMED = re.compile(r"(.+\.py):([A-Za-z_]\w*)")


def module_source(text: str) -> tuple[Path, str] | None:
    """File and name of ``net.py:make_net``, or None for another source.

    Raises `InputError` when a file of Python comes without a name.
    """
    if text.endswith(".py"):
        raise InputError(f"{text}: say what makes the network in it, such as {text}:make_net")
    found = _NAMED.fullmatch(text)
    if found is None and ".py:" in text and not os.path.exists(text):
        file, _, name = text.rpartition(":")
        raise InputError(f"{text}: {name!r} is no name of Python; say what makes the network, such "
                         f"as {file}:make_net")
    return None if found is None else (Path(found[1]), found[2])


def parse_shape(text: str | None) -> tuple[int, ...] | None:
    """Sizes such as ``1,28,28``. Raises `InputError` for other text."""
    if text is None:
        return None
    sizes = [whole(size.strip()) or 0 for size in text.split(",")]
    if not all(size > 0 for size in sizes) or prod(sizes) > MOST_INPUTS:
        raise InputError(f"input-shape is {text!r}; give sizes such as 1,28,28, without the batch, "
                         f"of at most {MOST_INPUTS} inputs")
    return tuple(sizes)
