"""The tracked tables of what was measured: builds by board, and units alone."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from sterna.machine.machine import Machine

BASELINE_FILE = Path(__file__).parent / "baseline.json"
UNITS_FILE = Path(__file__).parent / "units.json"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One built machine; `scripts/measure_boards.py` makes them."""

    board: str
    model: str
    machine: Machine
    clock_mhz: float
    fmax_mhz: tuple[float, ...]
    """Highest clock of each seed that was routed, from the lowest on."""
    luts: int
    ffs: int
    block_rams: int
    single_port_rams: int
    dsps: int
    units: dict[str, int]
    """Look-up tables by unit, before packing."""
    unit_ffs: dict[str, int]
    """Flip-flops by unit."""
    cycles_per_token: float
    """Of runs on the simulated board."""

    @property
    def timing_met(self) -> bool:
        """Whether the best seed is fast enough; that is the bitstream which is kept."""
        return max(self.fmax_mhz) >= self.clock_mhz


@dataclass(frozen=True, kw_only=True)
class MeasuredUnit:
    """A unit that was placed and routed alone; `scripts/measure_units.py` makes them."""

    unit: str
    device: str
    lanes: int
    clock_mhz: float
    fmax_mhz: tuple[float, ...]
    """Highest clock of each seed, from seed 1 on."""
    luts: int
    ffs: int
    block_rams: int
    dsps: int


def read_units(path: Path = UNITS_FILE) -> list[MeasuredUnit]:
    """The measured units; empty when none was ever measured."""
    if not path.is_file():
        return []
    return [MeasuredUnit(**{**values, "fmax_mhz": tuple(values["fmax_mhz"])})
            for values in json.loads(path.read_text())]


def write_units(units: list[MeasuredUnit], path: Path = UNITS_FILE) -> None:
    """Write the table of units."""
    path.write_text(json.dumps([asdict(unit) for unit in units], indent=1) + "\n")


def read_baseline(path: Path = BASELINE_FILE) -> dict[str, Measured]:
    """The measured builds by board; empty when none was ever measured."""
    if not path.is_file():
        return {}
    return {name: _entry(values) for name, values in json.loads(path.read_text()).items()}


def write_baseline(entries: dict[str, Measured], path: Path = BASELINE_FILE) -> None:
    """Write the table, boards in the order of their names."""
    values = {name: {field.name: getattr(entries[name], field.name) for field in fields(Measured)}
              | {"machine": entries[name].machine.to_dict()} for name in sorted(entries)}
    path.write_text(json.dumps(values, indent=1) + "\n")


def _entry(values: dict[str, Any]) -> Measured:
    known = {field.name for field in fields(Measured)}
    chosen = {name: value for name, value in values.items() if name in known}
    machine = Machine.from_dict(chosen.pop("machine"))
    return Measured(**chosen | {"machine": machine, "fmax_mhz": tuple(chosen["fmax_mhz"])})
