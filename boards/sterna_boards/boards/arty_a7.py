"""Arty A7-100T of Digilent: Artix-7 with an FT2232H on the serial port."""

from __future__ import annotations

from sterna_boards.board import Capacity, Shape
from sterna_boards.project_board import ExportBoard, Pin

ARTY_A7_100T = ExportBoard(
    name="arty-a7-100t",
    title="Arty A7-100T",
    device="xc7a100tcsg324-1",
    family="xc7",
    flow="vivado",
    board_files="",
    pin_hz=100_000_000,
    clock_hz=100_000_000,
    baud=3_000_000,
    link="FT2232H, USB connector J10, second port",
    capacity=Capacity(luts=63_400, block_rams=270, block_ram_bits=18_432, dsps=240),
    shape=Shape(rows=16, columns=96, vector_lanes=8, block_groups=16, lane="tables"),
    model="demo",
    memory="DDR3L 256 MB, 16 bits (not used)",
    outside=None,
    pins=(
        Pin("clk_pin", "E3", "LVCMOS33"),
        Pin("reset_n", "C2", "LVCMOS33"),
        Pin("rx", "A9", "LVCMOS33"),
        Pin("tx", "D10", "LVCMOS33"),
    ),
    port_name="/dev/ttyUSB1",
    use="Load it with Vivado's hardware manager, or with `openFPGALoader -b arty_a7_100t "
        "sterna.bit`; it is gone at power off.",
    revisions="D and E",
    source="Digilent, Arty-A7-100-Master.xdc",
)
