"""The golden executor as a device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy

import numpy as np

from sterna.golden.executor import GoldenExecutor
from sterna.host.counted import Traffic
from sterna.host.device import StepResult, StreamStep
from sterna.machine.snapshot import State
from sterna.program.definition import Program


class GoldenDevice:
    """Runs a program in exact integers on the host; `top_k` as in the hardware to compare with.

    Its token streams are computed one after the other, a token of each in a run.
    """

    name = "golden"
    recoveries = 0
    traffic = Traffic()
    maker = None

    def __init__(self, program: Program, top_k: int, streams: int = 1) -> None:
        self.streams = streams
        self._first = GoldenExecutor(program, top_k=top_k)
        self._texts, self._positions = {0: self._first}, {0: 0}

    @property
    def candidates(self) -> int:
        """How many of the best tokens a run gives."""
        return min(self._first.top_k, self._first.program.rows)

    def beside(self) -> GoldenDevice:
        """Another golden of the same program, with texts of its own; parameters are kept once."""
        other = copy(self)
        other._first = self._first.beside()
        other._texts, other._positions = {0: other._first}, {0: 0}
        return other

    def reset(self) -> None:
        """Forget all texts: the next token is the first of a new one, in stream 0."""
        self._first.reset()
        self._texts, self._positions = {0: self._first}, {0: 0}

    def step(self, token: int) -> StepResult:
        """Compute one token of stream 0. Raises `InputError` for an id outside the vocabulary."""
        return self.run({0: [token]})[0].result

    def join(self) -> int:
        """Begin another text, see `Device`."""
        free = sorted(set(range(self.streams)) - set(self._texts))
        if not free:
            raise ValueError(f"all {self.streams} streams are in use")
        self._texts[free[0]], self._positions[free[0]] = self._first.beside(), 0
        return free[0]

    def leave(self, stream: int) -> None:
        """End a text, see `Device`."""
        del self._texts[stream], self._positions[stream]

    def run(self, tokens: Mapping[int, Sequence[int]]) -> dict[int, StreamStep]:
        """Compute the first token of every stream that is named, see `Device`."""
        for stream, ids in tokens.items():
            if stream not in self._texts or not ids:
                raise ValueError(f"stream {stream} has not begun or is given no token")
            for token in ids:
                self._first.check_token(token)
        steps = {stream: StreamStep((stream,), self._compute(self._texts[stream], ids[0]))
                 for stream, ids in tokens.items()}
        for stream in steps:
            self._positions[stream] += 1
        return steps

    def snapshot(self, stream: int = 0) -> State:
        """What a text has kept so far."""
        values = self._texts[stream].snapshot()
        return State(self._positions[stream], {name: value[0] for name, value in values.items()})

    def restore(self, state: State, stream: int = 0) -> None:
        """Let a text go on from a snapshot. Raises `InputError` for one of another program."""
        self._texts[stream].restore({name: value[None] for name, value in state.values.items()})
        self._positions[stream] = state.position

    @staticmethod
    def _compute(executor: GoldenExecutor, token: int) -> StepResult:
        result = executor.step(token)
        return StepResult(
            values=np.array(result.accumulators, np.int64),
            rows=np.array(result.rows, np.int64),
            mantissa=result.mantissa,
            exponent=result.exponent,
        )

    def close(self) -> None:
        """Nothing to give back."""
