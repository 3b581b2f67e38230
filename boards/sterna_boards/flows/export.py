"""The project of a board: sources, constraints, build script and a page on how to use them."""

from __future__ import annotations

from pathlib import Path

from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.machine.row_memory import held_bytes
from sterna_hw.verilog import to_bus_verilog, to_serial_verilog, to_verilog

from sterna_boards.board import Board
from sterna_boards.estimate.rate import divisor
from sterna_boards.flows.arm.program import HEADER, SOURCES, program
from sterna_boards.flows.page import page
from sterna_boards.flows.quartus import script as quartus
from sterna_boards.flows.tcl import step
from sterna_boards.flows.top import series_7_top, stratix_10_top
from sterna_boards.flows.vivado import script as vivado
from sterna_boards.flows.vivado.wrapper import LINK, MODULE, NETWORK_MODULE, wrapper
from sterna_boards.outside_memory import Network, OutsideMemory
from sterna_boards.parts.family_platform import FamilyPlatform

ACCELERATOR, TOP, SCRIPT, README = "accelerator.v", "top.v", "build.tcl", "README.md"
XDC, QSF, SDC, CELL, LOAD = (
    "sterna.xdc", "sterna.qsf", "sterna.sdc", "sterna_board.v", "load.tcl")
NETWORK_SCRIPT, NETWORK_XDC, NETWORK_CELL, NETWORK_ACCELERATOR = (
    "network.tcl", "network.xdc", "sterna_network.v", "accelerator_lite.v")
DDR_HIGH = 0x8_0000_0000
"""Where the processing system's memory above 2 GB begins."""
_DESCRIPTIONS = {
    ACCELERATOR: "accelerator with its UART; ports: clk, rst, rx, tx, memories outside",
    TOP: "top level: clock, reset and pins",
    CELL: "the accelerator as a cell of the block design that the script makes",
    XDC: "pins and clocks",
    QSF: "pins",
    SDC: "clocks",
    SCRIPT: "makes the bitstream",
    LOAD: "loads the bitstream and starts the memory",
    README: "how to make the bitstream and use it",
    NETWORK_SCRIPT: "makes the bitstream for the processors' way to the accelerator",
    NETWORK_XDC: "constraints of that one, which has no pins",
    NETWORK_CELL: "the accelerator as a cell of that block design",
    NETWORK_ACCELERATOR: "accelerator behind AXI4-Lite",
    HEADER: "where the program for the processors finds the accelerator",
    **{name: "source of the program for the processors" for name in SOURCES},
}


def write_project(board: Board, machine: Machine, clock_hz: float | None,
                  folder: Path) -> dict[str, str]:
    """Write sources, constraints, script and page; returns what each file is, by name.

    Raises `InputError` when the clock cannot be made or is too slow for the link, or the
    machine has trace ports.
    """
    if machine.trace:
        raise InputError("machine: trace ports are for simulation, set trace to false")
    clock_hz = clock_hz or board.clock_of(machine)
    if board.exported().tool == "quartus":
        made_hz, files = clock_hz, _quartus_files(board, clock_hz)
    elif board.outside is None:
        made_hz, files = _pin_files(board, clock_hz)
    else:
        made_hz, files = clock_hz, _block_design_files(board, machine, clock_hz)
    files[ACCELERATOR] = accelerator_verilog(board, machine, made_hz)
    files[README] = page(board, machine, made_hz)
    for name, text in files.items():
        (folder / name).write_text(text)
    return {name: _DESCRIPTIONS[name] for name in files}


def _pin_files(board: Board, clock_hz: float) -> tuple[float, dict[str, str]]:
    """A Vivado project without IP, and the clock that it makes."""
    top, made_hz = series_7_top(board.pin_hz, clock_hz)
    settings = {"part": board.device, "constraints": XDC, "top": "top",
                "sources": f"{ACCELERATOR} {TOP}"}
    return made_hz, {
        TOP: top,
        XDC: vivado.constraints(board),
        SCRIPT: vivado.script(board, settings, ("vivado_project", "vivado_finish")),
    }


def _block_design_files(board: Board, machine: Machine,
                        clock_hz: float) -> dict[str, str]:
    """A Vivado project whose script builds a block design with the memories."""
    outside, project = board.outside, board.exported()
    assert outside is not None
    region = held_bytes(machine) // outside.ports
    if region > outside.port_bytes:
        raise InputError(
            f"{board.name}: {region} bytes of weights{' and rows' * machine.row_memory.outside} a "
            f"port; behind each port there are {outside.port_bytes}")
    settings = {
        "part": board.device, "board_files": project.board_files,
        "board_files_from": project.board_files_from, "constraints": XDC,
        "sources": f"{ACCELERATOR} {CELL}", "module": MODULE, "clock_mhz": f"{clock_hz / 1e6:g}",
        "memory_ports": outside.ports, "port_bytes": outside.port_bytes,
    }
    if outside.kind == "ps":
        settings |= {"memory_offset": "0x0", "memory_segment": "DDR_LOW"}
    steps = ("vivado_project", "block_design", f"memory_{outside.kind}", "block_design_end",
             "vivado_finish")
    files = {
        CELL: wrapper(machine, outside),
        XDC: vivado.constraints(board),
        SCRIPT: vivado.script(board, settings, steps),
    }
    if outside.kind == "ps":
        files[SCRIPT] += step("vivado/ps_finish")
        files[LOAD] = step("vivado/load_ps")
    if board.network:
        files |= _network_files(board, machine, outside, board.network, settings)
    return files


def _network_files(board: Board, machine: Machine, outside: OutsideMemory, network: Network,
                   settings: dict[str, object]) -> dict[str, str]:
    """A second block design, whose link the processors have, and the program for them."""
    settings = settings | {
        "constraints": NETWORK_XDC, "sources": f"{NETWORK_ACCELERATOR} {NETWORK_CELL}",
        "module": NETWORK_MODULE, "registers": f"{network.registers:#x}",
        "memory_offset": f"{DDR_HIGH:#x}", "memory_segment": "DDR_HIGH",
    }
    steps = ("vivado_project", "block_design", "memory_ps", "network_ps", "block_design_end",
             "vivado_finish", "network_finish")
    platform = FamilyPlatform(board.family, large_rams=board.capacity.large_rams > 0)
    return {
        NETWORK_CELL: wrapper(machine, outside, network),
        NETWORK_XDC: vivado.END,
        NETWORK_SCRIPT: vivado.script(board, settings, steps),
        NETWORK_ACCELERATOR: to_verilog(machine, platform=platform) + to_bus_verilog(machine, LINK),
        **program(machine, outside, network),
    }


def _quartus_files(board: Board, clock_hz: float) -> dict[str, str]:
    settings = {"part": board.device, "constraints": QSF, "timing": SDC, "top": "top",
                "sources": f"{ACCELERATOR} {TOP}"}
    return {
        TOP: stratix_10_top(),
        QSF: quartus.assignments(board),
        SDC: quartus.timing(clock_hz),
        SCRIPT: quartus.script(board, settings),
    }


def accelerator_verilog(board: Board, machine: Machine,
                        clock_hz: float) -> str:
    """Verilog of module ``sterna``, made of cells of the board's family where that helps.

    Raises `InputError` when the clock is too slow for the bit rate.
    """
    bit = divisor(clock_hz, board.with_rate(machine).link.baud)
    return to_serial_verilog(machine, bit, platform=FamilyPlatform(
        board.family, large_rams=board.capacity.large_rams > 0))
