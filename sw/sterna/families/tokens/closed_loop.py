"""What a board that makes texts by itself gives at the end of its line, every bit simulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sterna.families.tokens.golden_device import GoldenDevice
from sterna.host.device import Wanted
from sterna.law.sampling import Sampling

if TYPE_CHECKING:
    from sterna_sim.board import SimulatedBoard

    from sterna.host.token_board import TokenBoard
    from sterna.program.definition import Program
    from sterna.progress import Progress

AT_ONCE = 6
"""Ids that the host asks for in a frame: enough that asking and telling take less time than making
them, and no more, since the last ones are sent after all are made."""


@dataclass(frozen=True)
class ClosedLoop:
    """A text of so many ``tokens``, from the first byte of GENERATE to the last of the last id.

    ``seconds`` are the board's, of which the host takes none. ``differences`` are ids unlike the
    golden's.
    """

    tokens: int
    seconds: float
    differences: int

    def values(self, at_clock: float) -> dict[str, object]:
        """By their names in ``--json``; ``at_clock`` is the rate of the engine."""
        return {
            "closed_loop_tokens": self.tokens,
            "closed_loop_tokens_per_second": self.tokens / self.seconds,
            "closed_loop_share": self.tokens / self.seconds / at_clock,
            "closed_loop_differences": self.differences,
        }


def closed_loop(program: Program, device: TokenBoard, board: SimulatedBoard, clock_hz: float,
                first: int, tokens: int, report: Progress) -> ClosedLoop:
    """Let a board with a line read one token and make a text, the best candidate each time.

    ``device`` is loaded on that board, and from now on behind its line.
    """
    made: list[int] = []
    device.reset()
    board.use_line()
    begun = board.cycles
    device.begin(0, [first], Wanted(sampling=Sampling(), most=tokens))
    while len(made) < tokens:
        report("making a text", len(made), tokens)
        made += device.take({0: min(AT_ONCE, tokens - len(made))})[0].ids
    seconds = (board.cycles - begun) / clock_hz
    top_k = device.image.machine.head.top_k
    return ClosedLoop(tokens, seconds, _differences(program, top_k, first, made))


def _differences(program: Program, top_k: int, first: int, made: list[int]) -> int:
    golden, token, found = GoldenDevice(program, top_k), first, 0
    for one in made:
        found += one != int(golden.step(token).rows[0])
        token = one
    return found
