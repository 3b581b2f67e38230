"""The golden executor: runs a program in exact integers, RUN by RUN.

It knows the definition of programs and nothing of hardware. Several streams (token streams, or a
batch of inputs) may run side by side: the first axis of every value is the stream; each gives what
it would give alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from math import ldexp

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from sterna.errors import InputError
from sterna.golden import arithmetic
from sterna.golden.matrices import single_thread
from sterna.golden.parameters import KeptParameters
from sterna.golden.place import Place
from sterna.golden.ranges import Ranges
from sterna.golden.result import GoldenResult, Observer
from sterna.golden.run import Run
from sterna.golden.state import State
from sterna.golden.table import step_of
from sterna.law.codes import whole_codes
from sterna.program.definition import Program
from sterna.program.instructions import INPUT

MATRIX_BUDGET = 4 << 30
"""Bytes of trits that an executor keeps in memory unless told otherwise."""

Integers = NDArray[np.int64]


class GoldenExecutor:
    """Executes `program` for `streams` independent streams.

    `top_k` is how many logits a `GoldenResult` names; `matrix_budget` how many bytes of trits are
    kept, the others are fetched from the program's parameters in every RUN; `ranges` is told what
    values reach, and what rounding and saturation change, which takes longer. Raises `InputError`
    for an operation that nothing computes.
    """

    def __init__(
        self,
        program: Program,
        *,
        streams: int = 1,
        top_k: int = 16,
        matrix_budget: int = MATRIX_BUDGET,
        ranges: Ranges | None = None,
    ) -> None:
        self.program, self.streams, self.top_k = program, streams, top_k
        self._ranges = ranges
        parameters = KeptParameters(program, matrix_budget)
        self._steps = [
            step_of(Place(program, parameters, streams, section.name, repetition, index), item)
            for section in program.sections for repetition in range(section.repeat)
            for index, item in enumerate(section.items)]
        self._start()

    def _start(self) -> None:
        self._state = State(self.program, self.streams)
        self._saturated: dict[str, int] = {}

    def beside(self) -> GoldenExecutor:
        """Another executor of the program, with a state of its own; parameters are kept once."""
        other = copy(self)
        other._start()
        return other

    def reset(self) -> None:
        """Forget all state: the next RUN is the first of its text or sequence."""
        self._state = State(self.program, self.streams)

    def snapshot(self) -> dict[str, Integers]:
        """All that is kept from RUN to RUN by name, see `State.snapshot`."""
        return self._state.snapshot()

    def restore(self, values: Mapping[str, Integers]) -> None:
        """Go on from a `snapshot`. Raises `InputError` for one of another program."""
        self._state.restore(values)

    def saturated(self) -> dict[str, int]:
        """What was at the limit of its bits so far, by name, where it is above 0: neuron steps, and
        passes' cells and results of a matrix state."""
        return {name: count for name, count in self._saturated.items() if count}

    def step(
        self,
        token: int | None = None,
        input_row: ArrayLike | None = None,
        observe: Observer | None = None,
    ) -> GoldenResult:
        """Compute one RUN, given by a token's number or by its input (words or codes).

        Needs an executor of one stream. Raises `InputError` for a token or an input that the
        program does not take.
        """
        if (token is None) == (input_row is None):
            raise InputError("golden: give either a token or an input row")
        row = self._embedding(token) if token is not None else np.asarray(input_row)
        with single_thread():
            run = self._run(row[None], observe)
        values = {name: value[0] for name, value in self._results(run).items()}
        if run.head is None:
            return GoldenResult(np.zeros(0, np.int64), 0, 0, self.top_k, values)
        logits, scale = run.head
        return GoldenResult(logits[0].numpy(), *scale[0], self.top_k, values)

    def step_streams(self, tokens: list[int], observe: Observer | None = None) -> Tensor:
        """Compute one token in every stream; logits float64 [streams, rows of the head].

        Raises `InputError` for a token that the program does not take, ValueError without a head.
        """
        run = self._run(np.stack([self._embedding(token) for token in tokens]), observe)
        if run.head is None:
            raise ValueError("the program has no head")
        values, scales = run.head
        factors = [[ldexp(scale.mantissa, scale.exponent)] for scale in scales]
        return values.double() * torch.tensor(factors, dtype=torch.float64)

    def run(self, inputs: ArrayLike, observe: Observer | None = None) -> dict[str, Integers]:
        """Compute one RUN of inputs [streams, input length]: the results [streams, elements].

        Raises `InputError` for inputs that the program does not take.
        """
        return self._results(self._run(np.asarray(inputs), observe))

    def check_token(self, token: int) -> None:
        """Raise `InputError` for an id outside the vocabulary."""
        if not 0 <= token < self.program.rows:
            raise InputError(
                f"token {token} is outside the vocabulary of {self.program.rows}"
            )

    def _embedding(self, token: int) -> NDArray[np.integer]:
        self.check_token(token)
        return self.program.parameters.embedding(token)

    def _results(self, run: Run) -> dict[str, Integers]:
        return {name: run.results[name] if name in run.results else run.vectors[name].numpy()
                for name in self.program.results}

    @torch.inference_mode()
    def _run(self, inputs: NDArray, observe: Observer | None) -> Run:
        expected = (self.streams, self.program.input_length)
        if inputs.shape != expected:
            raise InputError(f"golden: input of shape {list(inputs.shape)}, not {list(expected)}")
        codes = self.program.takes_codes
        taken = whole_codes(inputs) if codes else self._words(inputs)
        state = self._state
        state.begin(taken if codes else None)
        run = Run(observe, dict(state.vectors), dict(state.codes), state.neurons, state.matrices,
                  self._saturated, self._ranges)
        if not codes:
            run.vectors[INPUT] = torch.from_numpy(taken)
        for step in self._steps:
            step(run)
        state.end(run.vectors)
        return run

    def _words(self, inputs: NDArray) -> Integers:
        words = inputs.astype(np.int64)
        if int(np.abs(words).max()) > arithmetic.word_limit(self.program.word_bits):
            raise InputError(
                f"golden: the input row has words beyond {self.program.word_bits} bits")
        return words
