"""What is kept from RUN to RUN: vectors, neurons, matrix states, and past codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sterna.errors import InputError
from sterna.program.definition import Program
from sterna.program.instructions import INPUT
from sterna.program.matrix_state import MatrixState
from sterna.program.neurons import Neurons

Integers = NDArray[np.int64]
Key = tuple[str, int, str]


class State:
    """All that a RUN of ``streams`` streams finds, 0 at first.

    What each repetition has for itself is named ``section[repetition].name``, what is one for the
    whole program by its name alone.

    Attributes:
        vectors: words of lifetime state, int64 [streams, elements].
        neurons: state words [streams, neurons] of each population, by their names in the law.
        matrices: cells of matrix states, int64 [streams, cells], head by head and row by row.
        codes: int64 [streams, elements] of this RUN and of those before it that are kept, the
            newest first.
    """

    def __init__(self, program: Program, streams: int) -> None:
        self._program = program
        self.vectors: dict[str, Tensor] = {}
        self._written: set[str] = set()  # of them; what is only read stays 0
        self.codes: dict[str, list[Tensor]] = {}
        self.neurons: dict[str, dict[str, Integers]] = {}
        self.matrices: dict[str, Tensor] = {}
        for name, declared in program.codes.items():
            if declared.lifetime == "carried":
                self.codes[name] = _past(streams, declared.length, declared.history)
        for section, repetition, item in _places(program):
            for name in (*item.vectors_written(), *item.vectors_read()):
                declared = program.vectors.get(name)
                if declared is not None and declared.lifetime == "state":
                    place = vector_name(program, (section, repetition, name))
                    self.vectors[place] = torch.zeros(streams, declared.length, dtype=torch.int64)
                    if name in item.vectors_written():
                        self._written.add(place)
            for name in item.codes_written():
                declared = program.codes.get(name)
                if declared is not None and declared.lifetime == "state":
                    self.codes[codes_name(program, (section, repetition, name))] = _past(
                        streams, declared.length, declared.history)
            if isinstance(item, Neurons):
                self.neurons[own_name((section, repetition, item.name))] = {
                    name: np.zeros((streams, item.length), np.int64)
                    for name in item.definition.states}
            if isinstance(item, MatrixState):
                self.matrices[own_name((section, repetition, item.state))] = torch.zeros(
                    streams, item.format.cells, dtype=torch.int64)

    def begin(self, codes: Integers | None) -> None:
        """A RUN begins: what was newest is of the RUN before. ``codes`` are its input."""
        for past in self.codes.values():
            past.insert(0, past.pop())
        if codes is not None:
            self.codes[INPUT][0] = torch.from_numpy(codes)

    def end(self, vectors: Mapping[str, Tensor]) -> None:
        """A RUN ends with these vectors, of which some are kept."""
        self.vectors = {name: vectors[name] for name in self.vectors}

    def snapshot(self) -> dict[str, Integers]:
        """Everything by name, int64: of vectors and matrices [streams, elements].

        Behind the name of a population stands that of a state word of its neurons, behind the name
        of codes ``past``, [streams, RUNs, elements], the newest first.
        """
        found = {name: vector.numpy().copy() for name, vector in self.vectors.items()
                 if name in self._written}
        found |= {name: cells.numpy().copy() for name, cells in self.matrices.items()}
        for place, states in self.neurons.items():
            found |= {f"{place}.{name}": values.copy() for name, values in states.items()}
        # What a RUN wrote is in front until the next one begins.
        return found | {f"{name}.past": torch.stack(past[:-1], 1).numpy()
                        for name, past in self.codes.items() if len(past) > 1}

    def restore(self, values: Mapping[str, Integers]) -> None:
        """Be as it was at a `snapshot`. Raises `InputError` for one of another program."""
        shapes = {name: value.shape for name, value in self.snapshot().items()}
        given = {name: np.shape(value) for name, value in values.items()}
        if shapes != given:
            wrong = min(name for name in shapes.keys() | given.keys()
                        if shapes.get(name) != given.get(name))
            raise InputError(
                f"program {self._program.name}: the state of {wrong} is {given.get(wrong)} in the "
                f"snapshot, not {shapes.get(wrong)}; take one of this program and its streams")
        taken = {name: np.array(value, np.int64) for name, value in values.items()}
        self.vectors |= {name: torch.from_numpy(taken[name]) for name in self._written}
        self.matrices |= {name: torch.from_numpy(taken[name]) for name in self.matrices}
        for place, states in self.neurons.items():
            for name in states:
                states[name] = taken[f"{place}.{name}"]
        for name, past in self.codes.items():
            if len(past) > 1:
                past[:-1] = torch.from_numpy(taken[f"{name}.past"]).unbind(1)


def own_name(key: Key) -> str:
    """The name of what each repetition has for itself."""
    section, repetition, name = key
    return f"{section}[{repetition}].{name}"


def vector_name(program: Program, key: Key) -> str:
    """The name of a vector, or of accumulators, that is read or written in a repetition."""
    declared = program.vectors.get(key[2])
    return own_name(key) if declared and declared.lifetime == "state" else key[2]


def codes_name(program: Program, key: Key) -> str:
    """The name of codes that are read or written in a repetition."""
    declared = program.codes.get(key[2])
    return own_name(key) if declared and declared.lifetime == "state" else key[2]


def _places(program: Program) -> Iterator[tuple]:
    for section in program.sections:
        for repetition in range(section.repeat):
            for item in section.items:
                yield section.name, repetition, item


def _past(streams: int, length: int, history: int) -> list[Tensor]:
    return [torch.zeros(streams, length, dtype=torch.int64)] * (history + 1)
