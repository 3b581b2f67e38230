"""What is kept from RUN to RUN: vectors, neurons, and past codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sterna.errors import InputError
from sterna.program.definition import Program
from sterna.program.instructions import INPUT
from sterna.program.neurons import Neurons

Integers = NDArray[np.int64]
Key = tuple[str, int, str]


class State:
    """All that a RUN of ``streams`` streams finds, 0 at first.

    Attributes:
        vectors: words of lifetime state by section, repetition and name; absent ones are 0.
        neurons: state words [streams, neurons] of each population, by their names in the law.
    """

    def __init__(self, program: Program, streams: int) -> None:
        self._program, self.streams = program, streams
        self.vectors: dict[Key, Tensor] = {}
        self.neurons: dict[Key, dict[str, Integers]] = {}
        self._past: dict[Key, list[Integers]] = {}
        for key, item in self._populations():
            self.neurons[key] = {name: np.zeros((streams, item.length), np.int64)
                                 for name in item.definition.states}
        for key, name in self._kept_codes():
            declared = program.codes[name]
            zeros = np.zeros((streams, declared.length), np.int64)
            self._past[key] = [zeros] * (declared.history + 1)

    def _repetitions(self) -> Iterator[tuple[str, int, tuple]]:
        for section in self._program.sections:
            for repetition in range(section.repeat):
                yield section.name, repetition, section.items

    def _populations(self) -> Iterator[tuple[Key, Neurons]]:
        for section, repetition, items in self._repetitions():
            for item in items:
                if isinstance(item, Neurons):
                    yield (section, repetition, item.name), item

    def _kept_codes(self) -> Iterator[tuple[Key, str]]:
        lifetimes = {name: codes.lifetime for name, codes in self._program.codes.items()}
        yield from ((_whole(name), name) for name, life in lifetimes.items() if life == "carried")
        for section, repetition, items in self._repetitions():
            made = {name for item in items for name in item.codes_written()}
            yield from (((section, repetition, name), name) for name in sorted(made)
                        if lifetimes.get(name) == "state")

    def _kept_vectors(self) -> Iterator[tuple[Key, int]]:
        for section, repetition, items in self._repetitions():
            names = dict.fromkeys(name for item in items for name in item.vectors_written())
            for name in names:
                declared = self._program.vectors[name]
                if declared.lifetime == "state":
                    yield (section, repetition, name), declared.length

    def vector(self, key: Key, length: int) -> Tensor:
        """Words of lifetime state, int64 [streams, length]."""
        kept = self.vectors.get(key)
        return torch.zeros(self.streams, length, dtype=torch.int64) if kept is None else kept

    def past_codes(self, key: Key) -> list[Integers]:
        """Codes [streams, elements] of this RUN and of those before it, the newest first."""
        kept = self._past.get(key)
        return self._past[_whole(key[2])] if kept is None else kept

    def begin(self, codes: Integers | None) -> None:
        """A RUN begins: what was newest is of the RUN before. ``codes`` are its input."""
        for past in self._past.values():
            past.insert(0, past.pop())
        if codes is not None:
            self._past[_whole(INPUT)][0] = codes

    def snapshot(self) -> dict[str, Integers]:
        """Everything by name, int64: ``section[repetition].name`` of a vector [streams, elements].

        Behind the name of a population stands that of a state word of its neurons, behind the name
        of codes ``past``, [streams, RUNs, elements], the newest first; what is one for the whole
        program has no section.
        """
        found = {_told(key): self.vector(key, length).numpy().copy()
                 for key, length in self._kept_vectors()}
        for key, states in self.neurons.items():
            found |= {f"{_told(key)}.{name}": values.copy() for name, values in states.items()}
        # What a RUN wrote is in front until the next one begins.
        return found | {f"{_told(key)}.past": np.stack(past[:-1], 1)
                        for key, past in self._past.items() if len(past) > 1}

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
        self.vectors = {key: torch.from_numpy(taken[_told(key)])
                        for key, _ in self._kept_vectors()}
        for key, states in self.neurons.items():
            for name in states:
                states[name] = taken[f"{_told(key)}.{name}"]
        for key, past in self._past.items():
            if len(past) > 1:
                kept = taken[f"{_told(key)}.past"]
                past[:] = [*(kept[:, index] for index in range(kept.shape[1])), past[-1]]


def _whole(name: str) -> Key:
    """The key of what is one for the whole program."""
    return "", 0, name


def _told(key: Key) -> str:
    section, repetition, name = key
    return f"{section}[{repetition}].{name}" if section else name
