"""Synthesise exported accelerators with yosys and renew the tracked table of their area.

    python scripts/measure_projects.py [BOARD…] [--file FILE] [--factors FILE]

Boards that are not named are left as they are; without names all are synthesised, each with its own
machine for its own model. The area model of a board's family is that of ECP5 times the ratio
of what was counted to what that gives, unit by unit.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from sterna.compiler.fit import fit_machine
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.model import open_model
from sterna_boards.board import Board
from sterna_boards.catalogue import BOARDS, find_board
from sterna_boards.estimate.area import FACTORS_FILE, group_units
from sterna_boards.estimate.terms import area_terms
from sterna_boards.flows.export import accelerator_verilog
from sterna_boards.flows.synthesis import synthesise
from sterna_boards.measured.synthesised import AREA_FILE, Synthesised, read_areas, write_areas

SHOWN = 20
"""Units that are printed."""


def measure(board: Board) -> Synthesised:
    """Synthesise the board's own accelerator."""
    opened = open_model(board.model)
    program = lower(opened.model, name=opened.name)
    machine = fit_machine(program, board.machine(), "auto")
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "accelerator.v"
        source.write_text(accelerator_verilog(board, machine, board.clock_hz))
        print("  synthesise ...", file=sys.stderr, flush=True)
        area = synthesise(board.family, source)
    return Synthesised(board=board.name, model=opened.name, machine=machine, area=area)


def factors(entry: Synthesised, reference: dict[str, Any]) -> dict[str, Any]:
    """The area model that gives what was counted; ``reference`` is that of ECP5.

    Units that the synthesised accelerator has not keep the area of that.
    """
    terms = area_terms(entry.machine)
    cells: dict[str, int] = {}
    for name, count in entry.area.units.items():
        unit = ".".join(name.split(".")[:2])
        cells[unit] = cells.get(unit, 0) + count
    counted = group_units(cells, entry.machine)

    def modelled(kind: str, name: str) -> float:
        return sum(factor * term for factor, term in
                   zip(reference[kind][name], terms[name], strict=True))

    def scaled(kind: str, name: str, ratio: float) -> list[float]:
        return [round(ratio * factor, 6) for factor in reference[kind][name]]

    def unseen(kind: str, packing: float) -> dict[str, list[float]]:
        return {name: scaled(kind, name, packing) for name in reference[kind] if name not in terms}

    registers = entry.area.ffs / sum(modelled("ffs", name) for name in terms)
    # The clock of a family is known from placements only.
    kept = {name: value for name, value in reference.items() if name != "clock"}
    return {
        **kept, "packing": 1.0,
        "luts": {name: scaled("luts", name, counted[name] / modelled("luts", name)
                              if modelled("luts", name) else 1.0) for name in terms}
                | unseen("luts", reference["packing"]),
        "ffs": {name: scaled("ffs", name, registers) for name in terms} | unseen("ffs", 1.0),
    }


def main() -> None:
    """Synthesise the boards of the command line."""
    parser = argparse.ArgumentParser(description="Synthesise projects and renew the table.")
    parser.add_argument("boards", nargs="*", metavar="BOARD", help="all when none is named")
    parser.add_argument("--file", type=Path, default=AREA_FILE, help="the table to renew")
    parser.add_argument("--factors", type=Path, default=FACTORS_FILE, help="the area model")
    arguments = parser.parse_args()
    for name in arguments.boards or [name for name, board in BOARDS.items() if board.project]:
        print(name, file=sys.stderr, flush=True)
        board = find_board(name)
        entry = measure(board)
        write_areas({**read_areas(arguments.file), name: entry}, arguments.file)
        model = json.loads(arguments.factors.read_text())
        model[board.family] = factors(entry, model["ecp5"])
        arguments.factors.write_text(json.dumps(model, indent=1) + "\n")
        print(f"{name}: {entry.area.luts} look-up tables, "
              f"{entry.machine.ternary.lanes} lanes, "
              f"{entry.luts_per_lane:.2f} a lane, {entry.area.block_rams:g} block RAMs, "
              f"{entry.area.dsps} DSPs", flush=True)
        for unit, count in list(entry.area.units.items())[:SHOWN]:
            print(f"  {unit}: {count}", flush=True)


if __name__ == "__main__":
    main()
