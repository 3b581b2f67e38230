"""Number formats of a lowered SpikeGPT."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.errors import InputError
from sterna.families.layers.fire import MOST_FRACTION
from sterna.families.rwkv4.lowering.formats import Formats as FormatsOfRwkv4


@dataclass(frozen=True, kw_only=True)
class Formats(FormatsOfRwkv4):
    """Those of an RWKV-4, and of neurons."""

    drive_fraction: int = 12
    """What drives neurons, and their membranes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.drive_fraction > MOST_FRACTION:
            raise InputError(f"formats: drive_fraction holds {self.drive_fraction}; neurons need "
                             f"at most {MOST_FRACTION}")

    def result_fraction(self, name: str) -> int:
        return (self.drive_fraction if name in ("output", "down")
                else super().result_fraction(name))
