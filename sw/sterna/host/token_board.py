"""A board that computes tokens: embedding rows in, the head's best candidates out."""

from __future__ import annotations

import numpy as np

from sterna.host.counters import Counters
from sterna.host.device import StepResult
from sterna.host.result import RunResult, Words32
from sterna.host.streams import Streams
from sterna.machine.protocol import NO_ROW
from sterna.machine.units.head import SCALE_WORDS, Head


class TokenBoard(Streams[int, StepResult]):
    """A `sterna.host.device.Device` at the other end of a transport, real, simulated or emulated.

    Its items are token ids.
    """

    entry = "token"

    def _check(self, item: int) -> None:
        self.image.input_word(item)

    def _words(self, item: int, place: int) -> tuple[int, bytes]:
        embedding = self.image.embedding
        return (self.image.input_word(item, place),
                b"" if embedding is None else embedding(item).tobytes())

    def _output(self, result: RunResult, place: int) -> StepResult:
        return best_candidates(result.words[Head.name, place], Counters.of(result.counters))


def best_candidates(words: Words32, counters: Counters | None = None) -> StepResult:
    """What the words of a head say."""
    mantissa, exponent = words[:1], words[1:SCALE_WORDS].view(np.int32)
    values, rows = words[SCALE_WORDS:].reshape(-1, 2).T
    there = rows != NO_ROW
    return StepResult(
        values=values[there].view(np.int32).astype(np.int64),
        rows=rows[there].astype(np.int64),
        mantissa=int(mantissa[0]),
        exponent=int(exponent[0]),
        counters=counters or Counters(),
    )
