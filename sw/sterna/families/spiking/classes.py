"""Which class a network tells of each sample, and how often it is the right one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.number]
BY: dict[str, Callable[[Numbers], Numbers]] = {
    "sum": lambda outputs: outputs.sum(0),
    "last": lambda outputs: outputs[-1],
    "most": lambda outputs: outputs.max(0),
}
"""What of the outputs [steps, samples, classes] is largest for the class that is told: the count of
spikes or the mean membrane, that of the last step, or the largest of any step."""


def told_classes(outputs: Numbers, by: str) -> NDArray[np.int64]:
    """The class of each sample; the first of several that are equal."""
    return BY[by](outputs).argmax(1)


def confusion(labels: NDArray[np.int64], found: NDArray[np.int64], classes: int
              ) -> list[list[int]]:
    """How many samples of each class, a row, are told to be of each, a column."""
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (labels, found), 1)
    return matrix.tolist()


def confusion_lines(matrix: list[list[int]]) -> list[tuple[str, str]]:
    """A row for each class that there is."""
    lines = []
    for label, row in enumerate(matrix):
        if sum(row):
            others = sorted(((count, told) for told, count in enumerate(row)
                             if count and told != label), reverse=True)
            wrong = "".join(f", {count} as {told}" for count, told in others)
            lines.append((f"class {label}", f"{row[label]} of {sum(row)} right{wrong}"))
    return lines
