"""Synthesise exported accelerators with yosys and renew the tracked table of their area.

    python scripts/vendor_area.py [BOARD…] [--file FILE]

Boards that are not named are left as they are; without names all are synthesised, each with its own
configuration for its own model.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from sterna.cli.model_argument import open_model
from sterna.compiler.fit import fit_configuration
from sterna.compiler.lowering import lower
from sterna_boards.vendor.area_table import AREA_FILE, Synthesised, read_areas, write_areas
from sterna_boards.vendor.board import ExportBoard
from sterna_boards.vendor.catalogue import EXPORT_BOARDS, find_export_board
from sterna_boards.vendor.export import accelerator_verilog
from sterna_boards.vendor.synthesis import synthesise


def measure(board: ExportBoard) -> Synthesised:
    """Synthesise the board's own accelerator."""
    opened = open_model(board.model)
    program = lower(opened.model, name=opened.name)
    configuration = fit_configuration(program, board.configuration(), "auto")
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "accelerator.v"
        source.write_text(accelerator_verilog(board, configuration, board.clock_hz))
        print("  synthesise ...", file=sys.stderr, flush=True)
        area = synthesise(board.family, source)
    return Synthesised(board=board.name, model=opened.name, configuration=configuration, area=area)


def main() -> None:
    """Synthesise the boards of the command line."""
    parser = argparse.ArgumentParser(description="Synthesise projects and renew the table.")
    parser.add_argument("boards", nargs="*", metavar="BOARD", help="all when none is named")
    parser.add_argument("--file", type=Path, default=AREA_FILE, help="the table to renew")
    arguments = parser.parse_args()
    for name in arguments.boards or list(EXPORT_BOARDS):
        print(name, file=sys.stderr, flush=True)
        entry = measure(find_export_board(name))
        write_areas({**read_areas(arguments.file), name: entry}, arguments.file)
        print(f"{name}: {entry.area.luts} look-up tables, {entry.configuration.lanes} lanes, "
              f"{entry.luts_per_lane:.2f} a lane, {entry.area.block_rams:g} block RAMs, "
              f"{entry.area.dsps} DSPs", flush=True)


if __name__ == "__main__":
    main()
