"""Where an operation stands: what its names mean there is found once, before any RUN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sterna.golden.arithmetic import word_limit
from sterna.golden.parameters import KeptParameters
from sterna.golden.state import codes_name, own_name, vector_name
from sterna.machine.keys import ValueKey
from sterna.program.definition import Program

Key = tuple[str, int, str]


class Told(NamedTuple):
    """What an observer is told of a value beside its integers."""

    key: ValueKey
    name: str


@dataclass(frozen=True)
class Place:
    """An item of one repetition of a section, for ``streams`` independent inputs side by side."""

    program: Program
    parameters: KeptParameters
    streams: int
    section: str
    repetition: int
    item: int

    @property
    def limit(self) -> int:
        """Largest magnitude of a word."""
        return word_limit(self.program.word_bits)

    def key(self, name: str) -> Key:
        """Names a parameter of this repetition."""
        return self.section, self.repetition, name

    def vector(self, name: str) -> str:
        """Where a RUN has a vector of words, accumulators or the input, see `Run.vectors`."""
        return vector_name(self.program, self.key(name))

    def codes(self, name: str) -> str:
        """Where a RUN has codes, see `Run.codes`."""
        return codes_name(self.program, self.key(name))

    def weights(self, name: str) -> str:
        """Where a RUN has outputs that are weights, see `Run.weights`."""
        return own_name(self.key(name))

    def told(self, operation: int, name: str) -> Told:
        """How a value is named to an observer, see `ValueKey`."""
        return Told(ValueKey(self.section, self.repetition, self.item, operation), name)
