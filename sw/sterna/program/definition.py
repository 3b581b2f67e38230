"""A program: its sections, its vectors and the parameters they use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sterna.law.tables import Table
from sterna.program.instructions import Section


@dataclass(frozen=True, kw_only=True)
class VectorFormat:
    """Declaration of a vector: elements, fraction bits, and how long it lives.

    ``fraction`` is None where the scale is dynamic (a positive factor that cancels later).
    ``lifetime``: ``local`` to one repetition; ``carried`` through the whole token; ``state``: one
    for each repetition, kept from token to token, zero after a reset.
    """

    length: int
    fraction: int | None
    lifetime: str = "local"


@dataclass(frozen=True)
class ScalarConstant:
    """A constant as scalar float: ``mantissa * 2**exponent``, mantissa 0 or 2**16 .. 2**17-1."""

    mantissa: int
    exponent: int


class Parameters(Protocol):
    """Source of a program's parameters, asked matrix by matrix: large models stay on disk.

    ``section`` and ``repetition`` say for which repetition of which section the name is meant.
    """

    def matrix(self, section: str, repetition: int, name: str) -> NDArray[np.int8]:
        """Trits of shape [rows, columns], each -1, 0 or 1."""
        ...

    def vector(self, section: str, repetition: int, name: str) -> NDArray[np.int32]:
        """A constant vector, words."""
        ...

    def scalar(self, section: str, repetition: int, name: str) -> ScalarConstant:
        """A scalar constant."""
        ...

    def embedding(self, token: int) -> NDArray[np.int32]:
        """The input row of a token, words."""
        ...


@dataclass(frozen=True, kw_only=True)
class Program:
    """What a model computes for one token, in integers.

    The first section's first kernel reads ``input`` (``input_length`` words: the embedding row).
    ``rows`` is the vocabulary. ``matrices`` gives [rows, columns] by (section, matrix name).
    """

    name: str
    word_bits: int
    input_length: int
    rows: int
    sections: tuple[Section, ...]
    vectors: Mapping[str, VectorFormat]
    matrices: Mapping[tuple[str, str], tuple[int, int]]
    tables: Mapping[str, Table]
    parameters: Parameters = field(repr=False, compare=False)

    def section(self, name: str) -> Section:
        """The section of that name; raises KeyError."""
        return {section.name: section for section in self.sections}[name]
