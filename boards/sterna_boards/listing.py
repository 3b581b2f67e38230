"""The tables that `sterna boards` prints, as rows of named values."""

from __future__ import annotations

from sterna_boards.board import Board
from sterna_boards.catalogue import all_boards, find_board
from sterna_boards.measured.baseline import Measured, MeasuredUnit, read_baseline, read_units

_TRITS_PER_BIT = 5 / 8
_WEIGHT_SHARE = 0.75
"""Part of the on-chip memory that weights take; constants, tables and vectors take the rest."""
_SINGLE_PORT_RAM_BITS = 1 << 18


_LARGE_RAM_BITS = 9 << 15


def largest_model(board: Board) -> int:
    """Ternary weights that fit, about: at 1.6 bits, in three quarters of the memory on the chip.

    Where there are single-port RAMs they are all for weights, and so is a memory outside that the
    accelerator is connected to.
    """
    there = board.capacity
    if board.outside is not None:
        bits = 8.0 * board.outside.ports * board.outside.port_bytes
    elif there.single_port_rams:
        bits = float(there.single_port_rams * _SINGLE_PORT_RAM_BITS)
    else:
        bits = _WEIGHT_SHARE * (there.block_rams * there.block_ram_bits
                                + there.large_rams * _LARGE_RAM_BITS)
    return int(bits * _TRITS_PER_BIT) // 1000 * 1000


_TOOLS = {"vivado": "Vivado project", "quartus": "Quartus project"}


def board_rows() -> list[dict[str, object]]:
    """One row for each board: what it has, and the clock that was measured on it, or None.

    ``bitstream`` says who makes it: `sterna build`, or the tool of a project of `sterna rtl`.
    """
    measured = read_baseline()
    return [_row(board, measured.get(board.name)) for board in all_boards().values()]


def _row(board: Board, found: Measured | None) -> dict[str, object]:
    there = board.capacity
    memory = f"{there.block_rams} x {there.block_ram_bits // 1024} kbit"
    if there.single_port_rams:
        memory += f" + {there.single_port_rams} x 256 kbit"
    if there.large_rams:
        memory += f" + {there.large_rams} x 288 kbit"
    tool = _TOOLS[board.project.tool] if board.project else "sterna build"
    return {
        "board": board.name, "device": board.device, "bitstream": tool, "luts": there.luts,
        "on_chip_memory": memory, "dsps": there.dsps, "external_memory": board.memory,
        "link": board.link, "link_bits_per_second": board.baud,
        "largest_model_weights": largest_model(board),
        "measured_clock_mhz": round(max(found.fmax_mhz), 1) if found else None,
    }


def board_page(name: str) -> dict[str, object]:
    """What is known of one board, by name of the value; raises `InputError` for an unknown one."""
    board = find_board(name)
    row = _row(board, read_baseline().get(board.name))
    page: dict[str, object] = {"title": board.title, **row, "revisions": board.revisions}
    if board.open_tools:
        page["program"] = " ".join(("openFPGALoader", *board.open_tools.loader))
        page["flash"] = board.open_tools.flash
    if board.project:
        page["program"] = board.project.use
        page["pins"] = board.project.source
    page["notes"] = list(board.notes)
    return page


def measured_rows() -> list[dict[str, object]]:
    """One row for each build of the baseline."""
    boards = all_boards()
    return [_measured_row(boards[name], entry) for name, entry in read_baseline().items()
            if name in boards]


def _measured_row(board: Board, entry: Measured) -> dict[str, object]:
    lanes = entry.machine.ternary.lanes
    return {
        "board": board.name, "model": entry.model, "lanes": lanes,
        "clock_MHz": f"{entry.clock_mhz:g}",
        "routed_MHz": _span(entry.fmax_mhz),
        "LUTs": entry.luts, "LUTs_per_lane": round(entry.luts / lanes, 1),
        "G_per_second_and_1000_LUTs": _density(lanes, entry.fmax_mhz, entry.luts),
        "block_RAMs": entry.block_rams, "DSPs": entry.dsps,
        "cycles_per_token": round(entry.cycles_per_token),
        "tokens_per_second": round(1e6 * entry.clock_mhz / entry.cycles_per_token),
    }


def _span(clocks: tuple[float, ...]) -> str:
    """The slowest and the fastest seed, or the only one."""
    worst, best = min(clocks), max(clocks)
    return f"{worst:.1f}" + (f" to {best:.1f}" if len(clocks) > 1 else "")


def _density(lanes: int, clocks: tuple[float, ...], luts: int) -> float:
    """What the lanes do in a second, in 10^9, for each 1000 look-up tables; by the slowest seed."""
    return round(lanes * min(clocks) / luts, 2)


def unit_rows() -> list[dict[str, object]]:
    """One row for each unit that was measured alone."""
    return [_unit_row(unit) for unit in read_units()]


def _unit_row(unit: MeasuredUnit) -> dict[str, object]:
    return {
        "unit": unit.unit, "device": unit.device, "lanes": unit.lanes,
        "clock_MHz": f"{unit.clock_mhz:g}",
        "routed_MHz": _span(unit.fmax_mhz),
        "LUTs": unit.luts, "LUTs_per_lane": round(unit.luts / unit.lanes, 1),
        "G_per_second_and_1000_LUTs": _density(unit.lanes, unit.fmax_mhz, unit.luts),
        "FFs": unit.ffs,
        "block_RAMs": unit.block_rams, "DSPs": unit.dsps,
    }
