"""The Verilog: the accelerator alone, or the project of a board around it."""

from __future__ import annotations

from pathlib import Path

from sterna_hw.board.bus import CORE
from sterna_hw.core.accelerator import accelerator_members
from sterna_hw.interfaces import interfaces_of, with_attributes
from sterna_hw.ports import ports_of
from sterna_hw.verilog import to_bus_verilog, to_verilog

from sterna_boards.flows.export import write_project
from sterna_boards.handover.core import Core, Written

NAME = "accelerator.v"


def write(core: Core, folder: Path) -> Written:
    """``accelerator.v``, its wrapper if there is one, and for a board what its tool needs."""
    if core.board is not None:
        return Written(write_project(core.board, core.machine, core.clock_hz, folder),
                       {"board": core.board.name})
    text = to_verilog(core.machine)
    core_ports = ports_of(accelerator_members(core.machine))
    (folder / NAME).write_text(with_attributes(text, CORE, interfaces_of(core_ports)),
                               encoding="utf-8")
    files = {NAME: "Verilog of the accelerator; ports: clk, rst, byte streams link_in and link_out"}
    if core.wrapper is not None:
        text = to_bus_verilog(core.machine, core.wrapper)
        (folder / f"{core.top}.v").write_text(
            with_attributes(text, core.top, interfaces_of(core.ports)), encoding="utf-8")
        files[f"{core.top}.v"] = f"Verilog of module {core.top}, the accelerator behind a bus"
    return Written(files)
