"""What is counted when two machines are compared value by value."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray
from sterna.host.counters import Counters
from sterna.machine.keys import ValueKey

Integers = NDArray[np.int64]
AROUND, MOST_DIFFERING = 8, 8
"""Elements on each side of a wrong one that are kept, and values of which they are."""


@dataclass(frozen=True)
class Difference:
    """The first element that differs: where it is, and what the two machines say.

    `token` is the position in the text, `text` the number of the text; of time steps a text is a
    sequence of them from a reset on. Values are None where one machine has no such element.
    """

    text: int
    token: int
    section: str
    repetition: int
    item: int
    operation: int
    name: str
    element: int
    golden: int | None
    simulated: int | None

    def __str__(self) -> str:
        place = f"{self.section}[{self.repetition}] item {self.item} operation {self.operation}"
        return (
            f"text {self.text}, token {self.token}: {place}, {self.name}[{self.element}] is "
            f"{self.simulated}, golden {self.golden}"
        )


@dataclass(frozen=True)
class Differing:
    """A value that differs: its first element that does, and what the machines say around that,
    from the element ``first`` on."""

    where: Difference
    first: int
    golden: tuple[int, ...]
    simulated: tuple[int, ...]

    def to_dict(self) -> dict[str, object]:
        """The difference, and the elements around it."""
        return {**asdict(self.where), "around": {
            "first": self.first, "golden": [*self.golden], "simulated": [*self.simulated]}}


@dataclass
class Verification:
    """How many values (vectors, scalars, accumulators, states, results) were compared and differ.

    ``elements`` and ``different_elements`` count the numbers in them.
    """

    tokens: int = 0
    vectors_compared: int = 0
    differences: int = 0
    elements: int = 0
    different_elements: int = 0
    first_difference: Difference | None = None
    differing: list[Differing] = field(default_factory=list)
    """The first values that differ, `MOST_DIFFERING` at most."""
    clock: int | None = None
    """The clock of the board in which the first difference was shown, where that is known."""
    end: int = 0
    """The clock of the board in which the comparison ended."""
    runs: list[Counters] = field(default_factory=list)
    """What the board counted in each RUN."""
    loud: dict[str, int] = field(default_factory=dict)
    """Elements other than 0 of the golden, by name: where there are none, little is shown."""

    @property
    def counters(self) -> Counters:
        """The sums over all RUNs."""
        return Counters.total(self.runs)

    def compare(self, text: int, token: int, key: ValueKey, name: str, golden: Integers,
                found: Integers) -> None:
        """Count a value, and keep the first difference."""
        self.vectors_compared += 1
        self.elements += golden.size
        self.loud[name] = self.loud.get(name, 0) + int(np.count_nonzero(golden))
        if np.array_equal(golden, found):
            return
        common, longest = sorted((golden.size, found.size))
        wrong = np.flatnonzero(golden[:common] != found[:common])
        self.differences += 1
        self.different_elements += len(wrong) + longest - common
        if len(self.differing) < MOST_DIFFERING:
            element = int(wrong[0]) if len(wrong) else common
            where = Difference(
                text, token, *key, name, element, _at(golden, element), _at(found, element))
            self.first_difference = self.first_difference or where
            first = max(0, element - AROUND)
            self.differing.append(Differing(where, first, *(
                tuple(values[first:element + AROUND + 1].tolist()) for values in (golden, found))))


def _at(values: Integers, element: int) -> int | None:
    return int(values[element]) if element < len(values) else None
