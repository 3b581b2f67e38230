"""The tracked table of synthesised projects: area of accelerators on vendors' parts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sterna.machine.machine import Machine

from sterna_boards.flows.synthesis import Synthesis

AREA_FILE = Path(__file__).parent / "synthesised.json"


@dataclass(frozen=True, kw_only=True)
class Synthesised:
    """One synthesised accelerator; `scripts/measure_projects.py` makes them."""

    board: str
    model: str
    machine: Machine
    area: Synthesis

    @property
    def luts_per_lane(self) -> float:
        """Look-up tables of everything but memory controllers, over the ternary lanes."""
        return self.area.luts / self.machine.ternary.lanes


def read_areas(path: Path = AREA_FILE) -> dict[str, Synthesised]:
    """The synthesised accelerators by board; empty when there are none."""
    if not path.is_file():
        return {}
    return {
        board: Synthesised(
            board=board, model=values["model"],
            machine=Machine.from_dict(values["machine"]),
            area=Synthesis(**values["area"]))
        for board, values in json.loads(path.read_text()).items()}


def write_areas(entries: dict[str, Synthesised], path: Path = AREA_FILE) -> None:
    """Write the table, boards in the order of their names."""
    values = {board: {"model": entries[board].model,
                      "machine": entries[board].machine.to_dict(),
                      "area": asdict(entries[board].area)} for board in sorted(entries)}
    path.write_text(json.dumps(values, indent=1) + "\n")
