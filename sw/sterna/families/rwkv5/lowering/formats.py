"""Number formats of a lowered RWKV-5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.headed_formats import BonusFormats
from sterna.families.rwkv5.layout import MATRICES


@dataclass(frozen=True, kw_only=True)
class Formats(BonusFormats):
    """Those of matrix states and of bonuses."""

    names: ClassVar[tuple[str, ...]] = (*MATRICES, HEAD)
