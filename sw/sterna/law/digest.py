"""What names the laws: two Sternas with the same digest compute the same of the same program."""

from __future__ import annotations

import hashlib
import re
from functools import cache

from sterna.law import arithmetic, matrix_state, neuron, planes, sampling, tables

EDITION = 1
"""Goes up whenever a law gets another meaning that no constant of it shows."""
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*")


@cache
def laws_digest() -> str:
    """SHA-256 in hexadecimal of the edition, and of every constant and table of the laws."""
    digest = hashlib.sha256(f"edition {EDITION};".encode())
    for module in (arithmetic, matrix_state, neuron, planes, sampling, tables):
        for name, value in sorted(vars(module).items()):
            if _CONSTANT.fullmatch(name) and isinstance(value, int | tuple):
                digest.update(f"{module.__name__}.{name} = {value!r};".encode())
    return digest.hexdigest()
