"""The values of one token while it is computed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from sterna.golden.result import Observer
from sterna.golden.scalars import ScalarFloat
from sterna.machine.keys import ValueKey
from sterna.program.instructions import Section


@dataclass
class Token:
    """Where the token is, and its values by name; `local` ones go after each repetition."""

    observe: Observer | None
    section: Section
    repetition: int = 0
    item: int = 0
    carried: dict[str, Tensor] = field(default_factory=dict)
    local: dict[str, Tensor] = field(default_factory=dict)
    scalars: dict[str, ScalarFloat] = field(default_factory=dict)
    absmax: dict[str, Tensor] = field(default_factory=dict)
    squares: dict[str, Tensor] = field(default_factory=dict)
    head: tuple[Tensor, ScalarFloat] | None = None

    def produced(self, operation: int, name: str, value: Tensor | ScalarFloat) -> None:
        """Tell the observer."""
        if self.observe is None:
            return
        if isinstance(value, ScalarFloat):
            array = np.stack([value.mantissa, value.exponent], -1)
        else:
            array = value.numpy().copy()
        key = ValueKey(self.section.name, self.repetition, self.item, operation)
        self.observe(key, name, array[0] if len(array) == 1 else array)
