"""The project of a board: sources, constraints, build script and a page on how to use them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from sterna.errors import InputError
from sterna.program.configuration import HardwareConfiguration
from sterna_hw.link.uart import LEAST_DIVISOR
from sterna_hw.verilog import to_serial_verilog

from sterna_boards.vendor import vivado
from sterna_boards.vendor.board import ExportBoard, VendorPlatform
from sterna_boards.vendor.page import page
from sterna_boards.vendor.top import series_7_top

ACCELERATOR, TOP, SCRIPT, README = "accelerator.v", "top.v", "build.tcl", "README.md"
XDC = "sterna.xdc"



def write_project(board: ExportBoard, configuration: HardwareConfiguration, clock_hz: float | None,
                  model: str, folder: Path) -> dict[str, str]:
    """Write sources, constraints, script and page; returns what each file is, by name.

    ``model`` is what the user calls the model, for the page.

    Raises `InputError` when the clock cannot be made or is too slow for the link, or the
    configuration has trace ports.
    """
    if configuration.trace:
        raise InputError("configuration: trace ports are for simulation, set trace to false")
    top, made_hz = series_7_top(board.pin_hz, clock_hz or board.clock_hz)
    files = {
        ACCELERATOR: accelerator_verilog(board, configuration, made_hz),
        TOP: top,
        XDC: vivado.constraints(board),
        SCRIPT: vivado.script(
            board, {"part": board.device, "constraints": XDC, "top": "top",
                    "sources": f"{ACCELERATOR} {TOP}"},
            ("vivado_project", "vivado_finish")),
        README: page(board, configuration, made_hz, model),
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    return {
        ACCELERATOR: "accelerator with its UART; ports: clk, rst, rx, tx",
        TOP: "top level: clock, reset and pins",
        XDC: "pins and clocks",
        SCRIPT: "makes the bitstream: vivado -mode batch -source build.tcl",
        README: "how to make the bitstream and use it",
    }


def accelerator_verilog(board: ExportBoard, configuration: HardwareConfiguration,
                        clock_hz: float) -> str:
    """Verilog of module ``sterna``, made of cells of the board's family where that helps.

    Raises `InputError` when the clock is too slow for the board's bit rate.
    """
    divisor = Fraction(round(clock_hz), board.baud)
    if divisor < LEAST_DIVISOR:
        raise InputError(f"clock: {clock_hz / 1e6:g} MHz is too slow for {board.baud} bit/s; "
                         f"at least {LEAST_DIVISOR * board.baud / 1e6:g} MHz")
    return to_serial_verilog(configuration, divisor, platform=VendorPlatform(board.family))
