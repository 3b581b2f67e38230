"""The Verilog: the accelerator alone, or the project of a board around it."""

from __future__ import annotations

from pathlib import Path

from sterna_hw.verilog import to_verilog

from sterna_boards.flows.export import write_project
from sterna_boards.handover.core import Core, Written

NAME = "accelerator.v"


def write(core: Core, folder: Path) -> Written:
    """``accelerator.v``, and for a board what its tool needs."""
    if core.board is not None:
        return Written(write_project(core.board, core.machine, core.clock_hz, folder),
                       {"board": core.board.name})
    (folder / NAME).write_text(to_verilog(core.machine), encoding="utf-8")
    return Written({
        NAME: "Verilog of the accelerator; ports: clk, rst, byte streams link_in and link_out"})
