"""A configuration in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def words_of(numbers: Mapping[str, Any], *left_out: str) -> str:
    """What was tried, of the numbers of a trial, but for some names."""
    tried: Mapping[str, Any] = numbers.get("tried", {})
    return ", ".join(f"{name.replace('_', '-')} {_word(value)}" for name, value in tried.items()
                     if name not in left_out) or "the board's own"


def _word(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
