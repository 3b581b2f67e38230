"""Constraints and build script of a Vivado project."""

from __future__ import annotations

from collections.abc import Mapping

from sterna_boards.board import Board
from sterna_boards.flows.tcl import step

END = "set_property BITSTREAM.GENERAL.COMPRESS TRUE [current_design]\n"
"""What every .xdc file ends with, and all that one without pins has."""
FILL_IN = "FILL_IN"
"""Stands where the user must write a pin; the script refuses to run while it is there."""


def constraints(board: Board) -> str:
    """The text of the .xdc file: pins, clock and paths that have no timing."""
    project = board.exported()
    lines = [f"# {board.title}, {board.device}; pins: {project.source}"]
    for pin in project.pins:
        lines.append(f"set_property -dict {{PACKAGE_PIN {pin.place or FILL_IN} "
                     f"IOSTANDARD {pin.standard}}} [get_ports {{{pin.port}}}]")
    ports = {pin.port for pin in project.pins}
    if "rx" in ports:  # so that nothing is received while nobody is connected
        lines.append("set_property PULLTYPE PULLUP [get_ports {rx}]")
    if "clk_pin" in ports:
        lines.append(f"create_clock -name clk_pin -period {1e9 / board.pin_hz:.3f} "
                     "[get_ports {clk_pin}]")
    for port in sorted(ports & {"rx", "reset_n"}):
        lines.append(f"set_false_path -from [get_ports {{{port}}}]")
    lines.append("set_false_path -to [get_ports {tx}]")
    if board.family == "xc7":
        lines += ["set_property CFGBVS VCCO [current_design]",
                  "set_property CONFIG_VOLTAGE 3.3 [current_design]"]
    return "\n".join(lines) + "\n" + END


def script(board: Board, settings: Mapping[str, object], steps: tuple[str, ...]) -> str:
    """The text of ``build.tcl``: settings, then the named files of this folder in turn."""
    head = [f"# Makes the bitstream for {board.title}:  vivado -mode batch -source build.tcl"]
    head += [f"set {name} {{{value}}}" for name, value in settings.items()]
    texts = [step("check"), *(step(f"vivado/{name}") for name in steps)]
    return "\n".join(["\n".join(head) + "\n", *texts])
