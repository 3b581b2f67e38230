"""What is told of a build, whatever the program does with a RUN."""

from __future__ import annotations

from pathlib import Path

from sterna_boards.board import Board
from sterna_boards.model_build import ModelBuild


def built_rows(board: Board, built: ModelBuild, bitstream: Path,
               luts: str = "") -> list[str | tuple[str, object]]:
    """Clock, area and memories of a build; ``luts`` follows the look-up tables."""
    report, there = built.report, board.capacity
    clocks = ", ".join(f"{clock:.1f}" for clock in report.seeds.values())
    rams = f", {report.single_port_rams} single-port RAMs" if report.single_port_rams else ""
    return [
        ("board", f"{board.title}, {report.device}"),
        ("bitstream", bitstream),
        ("timing", f"met: {report.fmax_mhz:.1f} MHz of {report.clock_mhz:g} MHz wanted "
                   f"(seeds: {clocks})"),
        ("lanes", report.lanes),
        ("look-up tables", f"{report.luts} of {there.luts}{luts}"),
        ("flip-flops", report.ffs),
        ("block RAMs", f"{report.block_rams} of {there.block_rams}{rams}"),
        ("DSPs", f"{report.dsps} of {there.dsps}"),
        ("memory image", f"{built.image_bytes} bytes, "
                         + ("in the bitstream" if built.baked else "for the driver to load")),
    ]
