"""What every machine that runs a program offers: golden, simulation, board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from sterna.host.counted import Traffic
from sterna.host.counters import Counters
from sterna.law.sampling import Sampling
from sterna.machine.snapshot import State

MOST_AT_ONCE = 512
"""Ids that a host takes at a time of a `Maker`, at most."""
Output = TypeVar("Output")
"""What one RUN gives of a text."""


@dataclass(frozen=True)
class StepResult:
    """The head's best candidates after one token, best first.

    ``values`` are the saturated accumulators, ``rows`` the token ids; ties are in the order of the
    ids. The real logit of a value is ``value * mantissa * 2**exponent``.
    """

    values: NDArray[np.int64]
    rows: NDArray[np.int64]
    mantissa: int
    exponent: int
    counters: Counters = field(default_factory=Counters)

    def candidates(self) -> tuple[list[int], list[int], int, int]:
        """Everything that must be equal on every device, in a form that can be compared."""
        return self.values.tolist(), self.rows.tolist(), self.mantissa, self.exponent

    def logits(self) -> NDArray[np.float64]:
        """Real logits of the candidates."""
        return np.ldexp(self.values.astype(np.float64) * self.mantissa, self.exponent)


@dataclass(frozen=True)
class StreamStep(Generic[Output]):
    """What one run computed of a text.

    ``places`` names the data paths that computed its tokens, in order; ``result`` is that of the
    last of these tokens.
    """

    places: tuple[int, ...]
    result: Output


@dataclass(frozen=True)
class Made:
    """Ids that a board has made by itself, and whether they end the text."""

    ids: tuple[int, ...]
    ended: bool
    candidates: tuple[StepResult, ...] = ()
    """Those from which each was chosen, if that was asked for."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How a text goes on: ``most`` ids, or up to one of ``ends``; it is number ``text``."""

    sampling: Sampling
    most: int
    ends: tuple[int, ...] = ()
    text: int = 0
    candidates: bool = False


class Maker(Protocol):
    """A board that makes texts by itself: it feeds itself with the ids that it chooses.

    Each stream of the board may make one. While it does it is not to be run, read or restored.
    """

    def begin(self, stream: int, ids: Sequence[int], wanted: Wanted) -> None:
        """Let a stream read ids and go on. Raises `InputError` for what the board cannot do."""
        ...

    def take(self, counts: Mapping[int, int]) -> dict[int, Made]:
        """So many ids of each stream that is named, less where it ends.

        A text that has ended has read all of its ids but the last.
        """
        ...

    def stop(self, stream: int) -> None:
        """End the text behind the ids that were taken, of which the last is not read."""
        ...


class Device(Protocol):
    """A machine with a program loaded: it keeps the state of up to `streams` texts.

    A reset leaves one token stream, number 0, which `step` feeds. Other texts join it, and all are
    computed together.
    """

    name: str

    @property
    def streams(self) -> int:
        """How many token streams there may be at a time."""
        ...

    @property
    def recoveries(self) -> int:
        """How often it was loaded again, and its texts repeated."""
        ...

    @property
    def traffic(self) -> Traffic:
        """What went over its link; nothing where there is none."""
        ...

    @property
    def maker(self) -> Maker | None:
        """Itself, where it makes texts by itself."""
        ...

    @property
    def candidates(self) -> int:
        """How many of the best tokens a run gives."""
        ...

    def reset(self) -> None:
        """Forget all texts: the next token is the first of a new one, in stream 0."""
        ...

    def step(self, token: int, /) -> StepResult:
        """Feed one token. Raises `InputError` for an id outside the vocabulary."""
        ...

    def join(self) -> int:
        """Begin another text, in the stream returned. Raises ValueError when all are in use."""
        ...

    def leave(self, stream: int) -> None:
        """End a text and make room for another one."""
        ...

    def run(self, tokens: Mapping[int, Sequence[int]], /) -> dict[int, StreamStep[StepResult]]:
        """One run: feed every stream that is named with the first of its tokens, or more of them.

        Each stream is named with the tokens that it is to read next, at least one. Raises
        `InputError` for an id outside the vocabulary, ValueError for an unknown stream.
        """
        ...

    def snapshot(self, stream: int = 0) -> State:
        """What a text has kept so far. Raises `InputError` for a machine that cannot be read."""
        ...

    def restore(self, state: State, stream: int = 0) -> None:
        """Let a text go on from a snapshot. Raises `InputError` for one of another program."""
        ...

    def close(self) -> None:
        """Give the machine back; safe to call twice."""
        ...
