"""Numbers as people write them: ASCII digits, without the underscores and spaces of Python."""

from __future__ import annotations

import re

_WHOLE = re.compile(r"[+-]?[0-9]+")
_REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
MOST_DIGITS = 400
"""Beyond them no number has a meaning here, and Python refuses to read some."""


def whole(text: str) -> int | None:
    """A whole number, None for other text."""
    return int(text) if len(text) <= MOST_DIGITS and _WHOLE.fullmatch(text) else None


def real(text: str) -> float | None:
    """A number in decimal, perhaps with an exponent, None for other text, inf and nan too."""
    return float(text) if len(text) <= MOST_DIGITS and _REAL.fullmatch(text) else None
