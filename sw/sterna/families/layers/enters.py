"""What words of a vector enter while they are made."""

from __future__ import annotations

from typing import TypedDict


class Enters(TypedDict, total=False):
    """Names of reductions by their kind, one of them or none."""

    sum: str
    squares: str


class Entered(Enters, total=False):
    """The same, and codes."""

    absmax: str
