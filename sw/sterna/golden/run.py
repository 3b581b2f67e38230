"""One RUN while it is computed: its values by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from sterna.golden.place import Told
from sterna.golden.ranges import Ranges
from sterna.golden.result import Observer
from sterna.golden.scalars import ScalarFloat

Integers = NDArray[np.int64]
Scalars = tuple[ScalarFloat, ...]
"""A scalar in every stream."""


@dataclass
class Run:
    """What operations read and write, under the names that their `Place` gives.

    Attributes:
        vectors: words int64 [streams, elements], which nothing changes once they are here.
        codes: int64 [streams, elements] of this RUN and of those before it that are kept, the
            newest first.
        neurons: state words [streams, neurons] of populations, by their names in the law.
        matrices: cells of matrix states, int64 [streams, cells].
        scalars: by the names that the program has for them.
        absmax, squares, sums: reductions that were filled and not yet taken, one number a stream.
        results: outputs of neurons that leave with the RUN.
        weights: outputs of neurons that are weights of this RUN, int64 [streams, neurons].
        head: logits [streams, rows], saturated to words, and their scale.
        saturated: neuron steps, cells and what was read of them, counted from RUN to RUN.
        ranges: what values reach, and what rounding and saturation change, if that is asked for.
    """

    observe: Observer | None
    vectors: dict[str, Tensor]
    codes: dict[str, list[Tensor]]
    neurons: dict[str, dict[str, Integers]]
    matrices: dict[str, Tensor]
    saturated: dict[str, int]
    ranges: Ranges | None = None
    scalars: dict[str, Scalars] = field(default_factory=dict)
    absmax: dict[str, list[int]] = field(default_factory=dict)
    squares: dict[str, list[int]] = field(default_factory=dict)
    sums: dict[str, list[int]] = field(default_factory=dict)
    results: dict[str, Integers] = field(default_factory=dict)
    weights: dict[str, Integers] = field(default_factory=dict)
    head: tuple[Tensor, Scalars] | None = None

    def write_codes(self, name: str, value: Tensor) -> None:
        """Codes of this RUN take the place that is free for them."""
        self.codes.setdefault(name, [value])[0] = value

    def produced(self, told: Told, value: Tensor | Integers | Scalars) -> None:
        """Tell the observer."""
        if self.observe is not None:
            array = value.numpy().copy() if isinstance(value, Tensor) else np.asarray(value)
            self.observe(*told, array[0] if len(array) == 1 else array)


Step = Callable[[Run], None]
"""An operation in its place, as it is done in every RUN."""
