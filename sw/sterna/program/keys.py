"""Names of the values that a program computes, for comparing machines value by value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class ValueKey:
    """One value of one token: ``operation`` of item ``item`` in a repetition of a section.

    ``item`` is an index into ``Section.items``. For a kernel ``operation`` is an index into
    ``kernel.matmuls + kernel.body``: first the exact accumulators in the order of the matmuls, then
    the results of the body (words; an `Element` without a named result has one too). It is 0 for a
    quantise (codes), a scalar operation (mantissa, exponent) and the head (exact accumulators).
    """

    section: str
    repetition: int
    item: int
    operation: int = 0

    def __str__(self) -> str:
        return f"{self.section}[{self.repetition}].{self.item}.{self.operation}"
