"""Assignments, constraints and build script of a Quartus project."""

from __future__ import annotations

from collections.abc import Mapping

from sterna_boards.board import Board
from sterna_boards.flows.tcl import step
from sterna_boards.flows.vivado.script import FILL_IN


def assignments(board: Board) -> str:
    """The text of the .qsf file with the pins."""
    project = board.exported()
    lines = [f"# {board.title}, {board.device}; pins: {project.source}"]
    for pin in project.pins:
        lines += [f"set_location_assignment PIN_{pin.place or FILL_IN} -to {pin.port}",
                  f'set_instance_assignment -name IO_STANDARD "{pin.standard}" -to {pin.port}']
    lines.append("set_instance_assignment -name WEAK_PULL_UP_RESISTOR ON -to rx")
    return "\n".join(lines) + "\n"


def timing(clock_hz: float) -> str:
    """The text of the .sdc file."""
    return (f"create_clock -name clk_pin -period {1e9 / clock_hz:.3f} [get_ports clk_pin]\n"
            "derive_clock_uncertainty\n"
            "set_false_path -from [get_ports rx]\nset_false_path -to [get_ports tx]\n")


def script(board: Board, settings: Mapping[str, object]) -> str:
    """The text of ``build.tcl``."""
    head = [f"# Makes the bitstream for {board.title}:  quartus_sh -t build.tcl"]
    head += [f"set {name} {{{value}}}" for name, value in settings.items()]
    return "\n".join(["\n".join(head) + "\n", step("check"), step("quartus/quartus_project")])
