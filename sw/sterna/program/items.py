"""What every operation of a program can be asked, whatever it does."""

from __future__ import annotations

from dataclasses import dataclass

LATER = {"later": True}
"""Metadata of a field that programs had not always: with its default it does not count in digests.
"""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One operation of a section; the names that it uses are what passes over programs go by.

    Vectors are words in the vector memory, without the input and without accumulators.
    """

    @property
    def title(self) -> str:
        """What the operation is called where something is said of it."""
        return type(self).__name__

    def vectors_read(self) -> tuple[str, ...]:
        """Vectors that the item reads, without those that it wrote itself before."""
        return ()

    def vectors_written(self) -> tuple[str, ...]:
        """Vectors that the item writes."""
        return ()

    def scalars_read(self) -> tuple[str, ...]:
        """Scalars that the item reads."""
        return ()

    def codes_read(self) -> tuple[str, ...]:
        """Codes that the item reads."""
        return ()

    def codes_written(self) -> tuple[str, ...]:
        """Codes that the item makes."""
        return ()

    def parameters_read(self) -> tuple[tuple[str, str], ...]:
        """What the item asks of the parameters: a method of `Parameters`, and a name."""
        return ()
