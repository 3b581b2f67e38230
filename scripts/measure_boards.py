"""Build boards, measure area, clock and cycles, and renew the tracked table.

    python scripts/measure_boards.py [BOARD…] [--seeds 3] [--tokens 4] [--file FILE]

Boards that are not named are left as they are; without names all are built. Each build is written
to the table as soon as it is there. The area model is fitted again by `scripts/fit_area.py`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.model import open_model
from sterna.families.tokens.board_shape import BoardShape
from sterna.families.tokens.open_device import open_device
from sterna.host.counters import Counters
from sterna.machine.machine import Machine
from sterna.program.definition import Program
from sterna_boards.board import Board
from sterna_boards.catalogue import BOARDS, find_board
from sterna_boards.measured.baseline import BASELINE_FILE, Measured, read_baseline, write_baseline
from sterna_boards.model_build import build_model


def measured_cycles(program: Program, machine: Machine, tokens: int) -> float:
    """Mean cycles of a token on the simulated board."""
    device = open_device("sim", program, machine)
    try:
        results = [device.step(token % program.rows) for token in range(tokens)]
    finally:
        device.close()
    return Counters.total(result.counters for result in results).cycles / tokens


def measure(board: Board, seeds: int, tokens: int) -> Measured:
    """Build what a user of the board gets for its own model, and run the model in simulation."""
    opened = open_model(board.model)
    program = lower(opened.model, name=opened.name)
    shape = BoardShape()
    built = build_model(board, program, shape.machine(board, program), shape.place,
                        seeds=range(1, seeds + 1), progress=_tell)
    report, machine = built.report, built.image.machine
    return Measured(
        board=board.name, model=opened.name, machine=machine,
        clock_mhz=round(report.clock_mhz, 3),
        fmax_mhz=tuple(round(clock, 2) for clock in report.seeds.values()),
        luts=report.luts, ffs=report.ffs, block_rams=report.block_rams,
        single_port_rams=report.single_port_rams, dsps=report.dsps,
        units=report.units, unit_ffs=report.unit_ffs,
        cycles_per_token=measured_cycles(program, machine, tokens),
    )


def _tell(step: str, done: int, parts: int) -> None:
    print(f"  {step} ...", file=sys.stderr, flush=True)


def main() -> None:
    """Measure the boards of the command line."""
    parser = argparse.ArgumentParser(description="Build boards and renew the table.")
    parser.add_argument("boards", nargs="*", metavar="BOARD", help="all when none is named")
    parser.add_argument("--seeds", type=int, default=3, help="placements to try")
    parser.add_argument("--tokens", type=int, default=4, help="tokens to simulate")
    parser.add_argument("--file", type=Path, default=BASELINE_FILE, help="the table to renew")
    arguments = parser.parse_args()
    for name in arguments.boards or [name for name, board in BOARDS.items() if board.open_tools]:
        print(name, file=sys.stderr, flush=True)
        entry = measure(find_board(name), arguments.seeds, arguments.tokens)
        write_baseline({**read_baseline(arguments.file), name: entry}, arguments.file)
        print(f"{name}: {entry.luts} LUTs, {entry.machine.ternary.lanes} lanes, "
              f"{min(entry.fmax_mhz)} to {max(entry.fmax_mhz)} of {entry.clock_mhz} MHz, "
              f"{entry.cycles_per_token} cycles a token", flush=True)


if __name__ == "__main__":
    main()
