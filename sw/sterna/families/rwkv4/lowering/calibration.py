"""Choosing formats for a model from the values that its float reference computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log2

import numpy as np

from sterna.errors import InputError
from sterna.families.layers.norm import GAIN_FRACTION
from sterna.families.layers.tables import LOG_FRACTION
from sterna.families.rwkv4.configuration import RwkvConfig
from sterna.families.rwkv4.lowering.formats import WORD_LIMIT, Formats
from sterna.families.rwkv4.lowering.observation import Ranges, observe
from sterna.families.rwkv4.weights import RwkvModel
from sterna.law.arithmetic import SHIFT_STEP

CALIBRATION_TOKENS = 1024
"""Tokens of a text that `sterna import --calibrate` looks at."""
RANDOM_IDS = 64
"""Random ids that formats are chosen from without a text."""
_MARGINS = {"residual": 2.0, "normed": 2.5, "log": 1.1, "value": 4.0, "wide": 3.0, "gain": 1.0}
"""What is left above the largest seen: two tokens, and a value and an average, are subtracted;
inner channels are squared."""
_MOST = {"residual": 12, "normed": 12, "log": LOG_FRACTION, "value": 14, "wide": 14,
         "gain": GAIN_FRACTION}
"""Finer words make nothing more exact: codes have seven bits."""
_FAINTEST = 2.0**-12


@dataclass(frozen=True)
class Calibration:
    """Formats, and the ranges that they were chosen from."""

    formats: Formats
    ranges: Ranges

    @property
    def concerns(self) -> list[str]:
        """A sentence for every value that may saturate."""
        found = []
        for name, margin in _MARGINS.items():
            fraction, largest = _fraction(self.formats, name), getattr(self.ranges, name)
            if margin * largest * 2.0**fraction > WORD_LIMIT:
                found.append(f"{name} values reach {largest:.4g}; words of {fraction} bits of "
                             f"fraction saturate at {WORD_LIMIT / 2.0**fraction:.4g}")
        return found


def calibrate(model: RwkvModel, tokens: Sequence[int],
              progress: Callable[[int, int], None] | None = None) -> Calibration:
    """Formats that suit a text. Raises `InputError` without tokens, for an id outside the
    vocabulary, and when the float reference overflows."""
    if not tokens:
        raise InputError("calibration needs at least one token")
    if (wrong := next((token for token in tokens
                       if not 0 <= token < model.config.vocab_size), None)) is not None:
        raise InputError(f"calibration: token {wrong} is outside the vocabulary of "
                         f"{model.config.vocab_size}")
    ranges = observe(model, tokens, progress)
    chosen = {f"{name}_fraction": max(0, min(_spare(getattr(ranges, name), margin), _MOST[name]))
              for name, margin in _MARGINS.items()}
    chosen["gain_fraction"] -= chosen["gain_fraction"] % SHIFT_STEP
    reaches = {name: round(reach, 3) for name, reach in ranges.reaches.items()}
    return Calibration(Formats(**chosen, reaches=reaches), ranges)  # type: ignore[arg-type]


def random_ids(config: RwkvConfig, count: int = RANDOM_IDS, seed: int = 0) -> list[int]:
    """So many ids of the vocabulary, the begin token first where there is one."""
    ids: list[int] = np.random.default_rng(seed).integers(0, config.vocab_size, count).tolist()
    if config.bos_token_id is not None:
        ids[0] = config.bos_token_id
    return ids


def _spare(largest: float, margin: float) -> int:
    """Bits of fraction that leave a value its margin."""
    return floor(log2(WORD_LIMIT / (margin * max(largest, _FAINTEST))))


def _fraction(formats: Formats, name: str) -> int:
    found: int = getattr(formats, f"{name}_fraction")
    return found


