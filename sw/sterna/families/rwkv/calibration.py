"""Choosing formats for a model from the values that its float reference computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log2
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np

from sterna.errors import InputError
from sterna.families.layers.norm import GAIN_FRACTION
from sterna.families.rwkv.configuration import Configuration
from sterna.families.rwkv.formats import WORD_LIMIT, Formats
from sterna.law.arithmetic import SHIFT_STEP

if TYPE_CHECKING:
    from sterna.families.rwkv.ranges import Ranges

CALIBRATION_TOKENS = 1024
"""Tokens of a text that `sterna import --calibrate` looks at."""
RANDOM_IDS = 64
"""Random ids that formats are chosen from without a text."""
_FAINTEST = 2.0**-12
F = TypeVar("F", bound=Formats)


class Room(NamedTuple):
    """What is left above the largest value of a kind, and the most bits of fraction: finer words
    make nothing more exact, as codes have seven bits. And the least, of values that may be larger
    than words of none."""

    margin: float
    most: int
    least: int = 0


USUAL_ROOM = {"residual": Room(2.0, 12), "normed": Room(2.5, 12), "gain": Room(1.0, GAIN_FRACTION)}
"""Of all versions; two tokens are subtracted."""


@dataclass(frozen=True)
class Calibration(Generic[F]):
    """Formats, and the ranges that they were chosen from."""

    formats: F
    ranges: Ranges
    rooms: Mapping[str, Room]

    @property
    def concerns(self) -> list[str]:
        """A sentence for every value that may saturate."""
        found = []
        for name, room in self.rooms.items():
            fraction = getattr(self.formats, f"{name}_fraction")
            largest = self.ranges.largest[name]
            if room.margin * largest * 2.0**fraction > WORD_LIMIT:
                found.append(f"{name} values reach {largest:.4g}; words of {fraction} bits of "
                             f"fraction saturate at {WORD_LIMIT / 2.0**fraction:.4g}")
        return found


def check_tokens(tokens: Sequence[int], config: Configuration) -> None:
    """Raises `InputError` without tokens, and for an id outside the vocabulary."""
    if not tokens:
        raise InputError("calibration needs at least one token")
    if (wrong := next((token for token in tokens
                       if not 0 <= token < config.vocab_size), None)) is not None:
        raise InputError(f"calibration: token {wrong} is outside the vocabulary of "
                         f"{config.vocab_size}")


def choose(kind: type[F], ranges: Ranges, rooms: Mapping[str, Room],
           adjust: Callable[[dict[str, int]], None] | None = None) -> Calibration[F]:
    """Formats that leave every kind of value its room; ``adjust`` lowers fraction bits by their
    kind where they cannot be together."""
    fractions = {name: max(room.least, min(_spare(ranges.largest[name], room.margin), room.most))
                 for name, room in rooms.items()}
    if adjust is not None:
        adjust(fractions)
    chosen = {f"{name}_fraction": fraction for name, fraction in fractions.items()}
    if "gain_fraction" in chosen:
        chosen["gain_fraction"] -= chosen["gain_fraction"] % SHIFT_STEP
    reaches = {name: round(reach, 3) for name, reach in ranges.reaches.items()}
    return Calibration(kind(**chosen, reaches=reaches), ranges, rooms)  # type: ignore[arg-type]


def random_ids(config: Configuration, count: int = RANDOM_IDS, seed: int = 0) -> list[int]:
    """So many ids of the vocabulary, the begin token first where there is one."""
    ids: list[int] = np.random.default_rng(seed).integers(0, config.vocab_size, count).tolist()
    if config.bos_token_id is not None:
        ids[0] = config.bos_token_id
    return ids


def _spare(largest: float, margin: float) -> int:
    """Bits of fraction that leave a value its margin."""
    return floor(log2(WORD_LIMIT / (margin * max(largest, _FAINTEST))))
