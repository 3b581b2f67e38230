"""What somebody may have meant who mistyped a name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MOST_COMPARED = 100
"""Letters of a name beyond which no name is near."""


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """``; did you mean NAME?`` to stand behind a line that lists the names, or nothing."""
    near = nearest(word, names)
    return "" if near is None else f"; did you mean {near}?"


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name that was meant, None if none is near."""
    if len(word) > MOST_COMPARED:
        return None
    lower = {name.lower(): name for name in names}
    near = get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    if not near:
        # A beginning that only one name has, such as a board without its size.
        near = [name for name in lower if len(word) > 2 and name.startswith(word.lower())]
    return lower[near[0]] if near else None
