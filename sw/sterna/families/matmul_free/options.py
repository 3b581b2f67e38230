"""Options that only MatMul-free language models have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sterna.options import option


@dataclass(frozen=True)
class Size:
    """A released size in place of MODEL."""

    shape: str | None = option(
        None, "Instead of MODEL: a random checkpoint of a released size, 370m, 1.3b or 2.7b.",
        metavar="SIZE", for_model=True)


@dataclass(frozen=True)
class Calibrate:
    """What the number formats are chosen from."""

    calibrate: Path | None = option(
        None, "UTF-8 text whose first tokens decide the number formats, instead of random ids.",
        metavar="TEXT", reads=True)
    no_calibrate: bool = option(
        False, "Keep the default number formats; fits few models.", "--no-calibrate")
