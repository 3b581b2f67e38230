"""Texts on the terminal while a device makes them, and what they took."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sterna.errors import LinkError
from sterna.formats.tokenizer import Tokenizer
from sterna.host.device import Device
from sterna.host.generate import Piece, Statistics, generate_texts
from sterna.host.sampling import Sampling


def continue_texts(
    machine: Device, tokenizer: Tokenizer, texts: Sequence[str], begin: int | None,
    end: int | None, maximum_tokens: int, sampling: Sampling, stats: bool,
) -> None:
    """Print texts that continue prompts, and with `stats` a line on what they took.

    The machine is closed afterwards.
    """
    statistics = Statistics()
    printed = TextsInOrder(texts)
    try:
        for piece in generate_texts(
            machine, tokenizer, texts, begin=begin, end=end, maximum_tokens=maximum_tokens,
            sampling=sampling, statistics=statistics,
        ):
            printed.add(piece)
    except LinkError:
        # The board went away: the texts so far stay, and the error has its own line.
        printed.cut()
        raise
    finally:
        machine.close()
    if stats:
        _tell(machine, statistics)


class TextsInOrder:
    """Prints texts one after the other while they are made side by side.

    The first that has not ended is printed as it comes; what comes of the others waits.
    """

    def __init__(self, prompts: Sequence[str]) -> None:
        self._prompts, self._made = prompts, [""] * len(prompts)
        self._ended: set[int] = set()
        self._now = 0
        self._write(prompts[0])

    def add(self, piece: Piece) -> None:
        """Print this piece, or what waited for its text to end, when it is their turn."""
        if piece.ended:
            self._ended.add(piece.number)
        if piece.number != self._now:
            self._made[piece.number] += piece.text
            return
        self._write(piece.text)
        while self._now in self._ended:
            self._next()

    def cut(self) -> None:
        """End the text that is being printed, and print what was made of the others."""
        self._write("\n")
        for number in range(self._now + 1, len(self._prompts)):
            if self._made[number]:
                self._write(self._prompts[number] + self._made[number] + "\n")

    def _next(self) -> None:
        self._now += 1
        text = "\n"
        if self._now < len(self._prompts):
            text += self._prompts[self._now] + self._made[self._now]
        self._write(text)

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


def _tell(machine: Device, statistics: Statistics) -> None:
    counters, tokens = statistics.counters, statistics.computed_tokens
    line = (
        f"{machine.name}: {statistics.prompt_tokens} + {statistics.generated_tokens} tokens in "
        f"{statistics.seconds:.2f} s, {statistics.tokens_per_second:.1f} tokens/s"
    )
    if counters.cycles:
        line += (
            f"; {counters.cycles / tokens:.0f} cycles a token, engine busy "
            f"{counters.utilisation:.1%}, waiting for weights "
            f"{counters.waiting_weights / counters.cycles:.1%}, for codes "
            f"{counters.waiting_codes / counters.cycles:.1%}"
        )
    if machine.recoveries:
        line += f"; recoveries {machine.recoveries}"
    print(line, file=sys.stderr)
