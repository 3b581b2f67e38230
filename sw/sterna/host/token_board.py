"""A board that computes tokens: embedding rows in, the head's best candidates out."""

from __future__ import annotations

from sterna.host.counters import Counters
from sterna.host.device import StepResult
from sterna.host.head import best_candidates
from sterna.host.making import MakingStreams
from sterna.host.result import RunResult
from sterna.machine.units.head import Head


class TokenBoard(MakingStreams):
    """A `sterna.host.device.Device` at the other end of a transport, real, simulated or emulated.

    Its items are token ids.
    """

    entry = "token"

    @property
    def candidates(self) -> int:
        """How many of the best tokens a run gives."""
        return min(self.image.machine.head.top_k, self.image.rows)

    def _check(self, item: int) -> None:
        self.image.input_word(item)

    def _words(self, item: int, place: int) -> tuple[int, bytes]:
        embedding = self.image.embedding
        return (self.image.input_word(item, place),
                b"" if embedding is None else embedding(item).tobytes())

    def _output(self, result: RunResult, place: int) -> StepResult:
        return best_candidates(result.words[Head.name, place], Counters.of(result.counters))
