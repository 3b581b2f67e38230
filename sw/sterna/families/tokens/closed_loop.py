"""What a board that makes texts by itself gives at the end of its line, every bit simulated."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from sterna.errors import InputError
from sterna.families.tokens.golden_device import GoldenDevice
from sterna.host.device import Wanted
from sterna.host.token_board import TokenBoard
from sterna.law.sampling import Sampling

if TYPE_CHECKING:
    from sterna.machine.image import MemoryImage
    from sterna.program.definition import Program
    from sterna.progress import Progress

AT_ONCE = 16
"""Ids that the host asks for in a frame. Of more the last ones would be sent after all are made."""


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


def closed_loop(program: Program, image: MemoryImage, clock_hz: float, baud: int, first: int,
                tokens: int, report: Progress) -> ClosedLoop:
    """Let the simulated board read one token and make a text, the best candidate each time.

    Its memories are filled over the line too. Raises `InputError` for a machine with a memory
    outside, which is not simulated behind a line, and as `build_serial_simulator`.
    """
    from sterna_sim.bridged_board import BridgedBoard
    from sterna_sim.build import build_serial_simulator
    from sterna_sim.serial_board import FRAME_TIMEOUT

    machine = image.machine
    if machine.reads_outside:
        raise InputError("--generate: with a memory outside the line is not simulated; bench "
                         "without it, or with --embedding chip")
    bit = Fraction(round(clock_hz), baud)
    path = build_serial_simulator(machine, bit, FRAME_TIMEOUT, report)
    board = BridgedBoard(path, bit, clock_hz, 0)
    device = TokenBoard(board, "sim", {})
    made: list[int] = []
    try:
        device.load(image, report)
        device.reset()
        begun = board.seconds
        device.begin(0, [first], Wanted(sampling=Sampling(), most=tokens))
        while len(made) < tokens:
            report("making a text", len(made), tokens)
            made += device.take({0: min(AT_ONCE, tokens - len(made))})[0].ids
        seconds = board.seconds - begun
    finally:
        device.close()
    return ClosedLoop(tokens, seconds, _differences(program, machine.head.top_k, first, made))


def _differences(program: Program, top_k: int, first: int, made: list[int]) -> int:
    golden, token, found = GoldenDevice(program, top_k), first, 0
    for one in made:
        found += one != int(golden.step(token).rows[0])
        token = one
    return found
