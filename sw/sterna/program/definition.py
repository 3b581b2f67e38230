"""A program: its sections, the values that outlive an operation, and the parameters they use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sterna.law.arithmetic import CODE_LIMIT
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.tables import Table
from sterna.law.window import Window
from sterna.program.instructions import INPUT, Section


@dataclass(frozen=True, kw_only=True)
class VectorFormat:
    """Declaration of a vector of words: elements, fraction bits, and how long it lives.

    ``fraction`` is None where the scale is dynamic (a positive factor that cancels later).
    ``lifetime``: ``local`` to one repetition; ``carried`` through the whole RUN; ``state``: one
    for each repetition, kept from RUN to RUN, zero after a reset.
    """

    length: int
    fraction: int | None
    lifetime: str = "local"


@dataclass(frozen=True, kw_only=True)
class CodeFormat:
    """Declaration of codes: elements, largest magnitude, fraction bits, and how long they live.

    ``lifetime``: ``local`` to one repetition; ``carried``: one for the whole program, which later
    repetitions and sections read too; ``state``: one for each repetition. Of the last two the codes
    of ``history`` RUNs before the present one are kept, zero after a reset.
    """

    length: int
    limit: int = CODE_LIMIT
    fraction: int = 0
    lifetime: str = "local"
    history: int = 0


class MatrixFormat(NamedTuple):
    """Declaration of a matrix: its size, ternary planes, and the longest delay of its synapses.

    With a ``window`` (`sterna.law.window`) its parameters are those of the window, each there once.
    """

    rows: int
    columns: int
    planes: int = 1
    delay: int = 0
    window: Window | None = None

    @property
    def weights(self) -> int:
        """How many weights it is given by."""
        return self.rows * self.columns if self.window is None else prod(self.window.shape)


@dataclass(frozen=True)
class ScalarConstant:
    """A constant as scalar float: ``mantissa * 2**exponent``, mantissa 0 or 2**16 .. 2**17-1."""

    mantissa: int
    exponent: int


class Parameters:
    """Source of a program's parameters, asked matrix by matrix: large models stay on disk.

    ``section`` and ``repetition`` say for which repetition of which section the name is meant. A
    source has what its program asks for; anything else raises KeyError.
    """

    def matrix(self, section: str, repetition: int, name: str) -> NDArray[np.int8]:
        """Trits of shape [rows, columns], each -1, 0 or 1, of a matrix of one plane."""
        raise KeyError(f"{section}: matrix {name}")

    def planes(self, section: str, repetition: int, name: str) -> NDArray[np.int8]:
        """Trits of shape [planes, rows, columns], the most significant plane first.

        Those of a window are [planes, outputs, channels of a group, kernel rows, kernel columns].
        What a matrix of several planes is asked by, whoever takes it.
        """
        return self.matrix(section, repetition, name)[None]

    def delays(self, section: str, repetition: int, name: str) -> NDArray[np.uint8]:
        """Delays [rows, columns] of the synapses of a matrix that has any."""
        raise KeyError(f"{section}: delays of {name}")

    def vector(self, section: str, repetition: int, name: str) -> NDArray[np.int32]:
        """A constant vector, words."""
        raise KeyError(f"{section}: constant {name}")

    def scalar(self, section: str, repetition: int, name: str) -> ScalarConstant:
        """A scalar constant."""
        raise KeyError(f"{section}: scalar {name}")

    def neurons(self, section: str, repetition: int, name: str) -> NeuronParameters:
        """The numbers of a population."""
        raise KeyError(f"{section}: neurons {name}")

    def embedding(self, token: int) -> NDArray[np.int32]:
        """The input row of a token, words."""
        raise KeyError(f"row of token {token}")


@dataclass(frozen=True, kw_only=True)
class Program:
    """What a model computes in one RUN, in integers: a token, a time step or a frame.

    A RUN is given ``input_length`` words (an embedding row), or codes if ``codes`` declares
    ``input``, and gives the best rows of a head (`TopK`), the values that ``results`` names, or
    both: outputs of populations, and carried vectors. ``rows`` is the vocabulary, 0 without a head.
    ``matrices`` gives formats, or just [rows, columns], by (section, matrix name). ``codes``
    declares those of populations and of the input; those of a `Quantise` are local to a repetition.
    """

    name: str
    word_bits: int
    input_length: int
    rows: int
    sections: tuple[Section, ...]
    vectors: Mapping[str, VectorFormat]
    matrices: Mapping[tuple[str, str], tuple[int, int] | MatrixFormat]
    tables: Mapping[str, Table]
    codes: Mapping[str, CodeFormat] = field(default_factory=dict)
    results: tuple[str, ...] = ()
    parameters: Parameters = field(repr=False, compare=False)

    def section(self, name: str) -> Section:
        """The section of that name; raises KeyError."""
        return {section.name: section for section in self.sections}[name]

    def matrix(self, section: str, name: str) -> MatrixFormat:
        """The format of a matrix; raises KeyError."""
        found = self.matrices[section, name]
        return found if isinstance(found, MatrixFormat) else MatrixFormat(*found)

    def trits(self) -> int:
        """Trits of all matrices, those of every repetition of a section counted."""
        repeats = {section.name: section.repeat for section in self.sections}
        formats = ((repeats.get(section, 1), self.matrix(section, name))
                   for section, name in self.matrices)
        return sum(repeat * matrix.planes * matrix.weights
                   for repeat, matrix in formats)

    @property
    def takes_codes(self) -> bool:
        """Whether a RUN is given codes, not words."""
        return INPUT in self.codes
