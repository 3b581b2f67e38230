"""One RUN while it is computed: where it is, and its values by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sterna.errors import InputError
from sterna.golden.parameters import KeptParameters
from sterna.golden.result import Observer
from sterna.golden.scalars import ScalarFloat
from sterna.golden.state import State
from sterna.machine.keys import ValueKey
from sterna.program.definition import Program
from sterna.program.instructions import Section

Integers = NDArray[np.int64]
Key = tuple[str, int, str]


@dataclass
class Run:
    """What operations read and write; every value has the streams as its first axis.

    ``local`` vectors, ``scalars`` and ``codes`` go after each repetition of a section.
    """

    program: Program
    parameters: KeptParameters
    state: State
    observe: Observer | None
    section: Section
    repetition: int = 0
    item: int = 0
    carried: dict[str, Tensor] = field(default_factory=dict)
    local: dict[str, Tensor] = field(default_factory=dict)
    codes: dict[str, Tensor] = field(default_factory=dict)
    scalars: dict[str, ScalarFloat] = field(default_factory=dict)
    absmax: dict[str, Tensor] = field(default_factory=dict)
    squares: dict[str, Tensor] = field(default_factory=dict)
    results: dict[str, Integers] = field(default_factory=dict)
    head: tuple[Tensor, ScalarFloat] | None = None
    saturated: dict[str, int] = field(default_factory=dict)

    @property
    def streams(self) -> int:
        """Independent inputs that are computed side by side."""
        return self.state.streams

    @property
    def word_bits(self) -> int:
        """Width of words."""
        return self.program.word_bits

    def key(self, name: str) -> Key:
        """Names something of this repetition: a parameter, or what is kept from RUN to RUN."""
        return self.section.name, self.repetition, name

    def enter(self, section: Section, repetition: int) -> None:
        """Begin a repetition."""
        self.section, self.repetition = section, repetition
        self.local, self.codes, self.scalars = {}, {}, {}

    def read(self, name: str) -> Tensor:
        """A vector of words, int64 [streams, elements]."""
        if name in self.local:
            return self.local[name]
        if name in self.carried:
            return self.carried[name]
        declared = self.program.vectors[name]
        if declared.lifetime != "state":
            raise InputError(f"program {self.program.name}: {name} is read before it is written")
        return self.state.vector(self.key(name), declared.length)

    def write(self, name: str, value: Tensor) -> None:
        """Keep a vector as long as it is declared to live."""
        lifetime = self.program.vectors[name].lifetime
        if lifetime == "state":
            self.state.vectors[self.key(name)] = value
        elif lifetime == "carried":
            self.carried[name] = value
        else:
            self.local[name] = value

    def codes_back(self, name: str) -> Sequence[Integers]:
        """Codes int64 [streams, elements] of this RUN and of those before it that are kept."""
        codes = self.codes.get(name)
        return self.state.past_codes(self.key(name)) if codes is None else (codes.numpy(),)

    def read_codes(self, name: str) -> Tensor:
        """Codes of this RUN, int64 [streams, elements]."""
        codes = self.codes.get(name)
        return torch.from_numpy(self.codes_back(name)[0]) if codes is None else codes

    def write_codes(self, name: str, value: Tensor) -> None:
        """Keep codes as long as they are declared to live."""
        declared = self.program.codes.get(name)
        if declared is None or declared.lifetime == "local":
            self.codes[name] = value
        else:
            self.state.past_codes(self.key(name))[0] = value.numpy()

    def produced(self, operation: int, name: str, value: Tensor | Integers | ScalarFloat) -> None:
        """Tell the observer."""
        if self.observe is None:
            return
        if isinstance(value, ScalarFloat):
            array = np.stack([value.mantissa, value.exponent], -1)
        else:
            array = value.numpy().copy() if isinstance(value, Tensor) else value
        key = ValueKey(self.section.name, self.repetition, self.item, operation)
        self.observe(key, name, array[0] if len(array) == 1 else array)
