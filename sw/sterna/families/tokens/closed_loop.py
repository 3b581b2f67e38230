"""What a board that makes texts by itself gives at the end of its line, every bit simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    """Texts of so many ``tokens`` each, one in every token stream, from the first byte of GENERATE
    to the last of the last id.

    ``seconds`` are the board's, of which the host takes none. ``differences`` are ids unlike the
    golden's.
    """

    tokens: int
    seconds: float
    differences: int

    def values(self, found: Mapping[str, Any]) -> dict[str, object]:
        """By their names in ``--json``, beside what was ``found`` of engine and link.

        At the user's end there is not more than was simulated here: the model of the link has the
        latency of a bridge, which is none of the simulated board's.
        """
        rate = self.tokens / self.seconds
        at_user = {name: min(found[name], rate * streams) for name, streams in (
            ("tokens_per_second_at_user", 1),
            ("aggregate_tokens_per_second_at_user", found["streams"])) if name in found}
        return at_user | {
            "closed_loop_tokens": self.tokens,
            "closed_loop_tokens_per_second": rate,
            "closed_loop_share": rate / found["tokens_per_second_at_clock"],
            "closed_loop_differences": self.differences,
        }


def closed_loop(program: Program, device: TokenBoard, board: SimulatedBoard, clock_hz: float,
                first: Sequence[int], tokens: int, report: Progress) -> ClosedLoop:
    """Let a board with a line read a token in each stream, the ``first`` of its text, and make
    the rest, the best candidate each time.

    ``device`` is loaded on that board, and from now on behind its line.
    """
    device.reset()
    made: dict[int, list[int]] = {0: [], **{device.join(): [] for _ in first[1:]}}
    board.use_line()
    begun = board.cycles
    for stream, token in zip(made, first, strict=True):
        device.begin(stream, [token], Wanted(sampling=Sampling(), most=tokens))
    while (done := len(made[0])) < tokens:
        report("making a text", done, tokens)
        for stream, found in device.take(dict.fromkeys(made, min(AT_ONCE, tokens - done))).items():
            made[stream] += found.ids
    seconds = (board.cycles - begun) / clock_hz
    top_k = device.image.machine.head.top_k
    return ClosedLoop(tokens, seconds, sum(
        _differences(program, top_k, token, made[stream])
        for stream, token in zip(made, first, strict=True)))


def _differences(program: Program, top_k: int, first: int, made: list[int]) -> int:
    golden, token, found = GoldenDevice(program, top_k), first, 0
    for one in made:
        found += one != int(golden.step(token).rows[0])
        token = one
    return found
