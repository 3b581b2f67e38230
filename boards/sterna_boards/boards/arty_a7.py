"""Arty A7-100T of Digilent: Artix-7 with an FT2232H on the serial port."""

from __future__ import annotations

from sterna_boards.bitstream_tools import Pin, Project
from sterna_boards.board import Board, Capacity
from sterna_boards.bridge import HIGH_SPEED_BAUD
from sterna_boards.shape import Shape

ARTY_A7_100T = Board(
    name="arty-a7-100t",
    title="Arty A7-100T",
    device="xc7a100tcsg324-1",
    family="xc7",
    pin_hz=100_000_000,
    clock_hz=100_000_000,
    baud=HIGH_SPEED_BAUD,
    link="FT2232H, USB connector J10, second port",
    usb_id=(0x0403, 0x6010),
    capacity=Capacity(luts=63_400, block_rams=270, block_ram_bits=18_432, dsps=240),
    shape=Shape(rows=16, columns=96, vector_lanes=8, block_groups=16, head_words=8,
                lane="tables"),
    model="demo",
    memory="DDR3L 256 MB, 16 bits (not used)",
    port_name="/dev/ttyUSB1",
    revisions="D and E",
    project=Project(
        tool="vivado",
        pins=(
            Pin("clk_pin", "E3", "LVCMOS33"),
            Pin("reset_n", "C2", "LVCMOS33"),
            Pin("rx", "A9", "LVCMOS33"),
            Pin("tx", "D10", "LVCMOS33"),
        ),
        use="Load it with Vivado's hardware manager, or with `openFPGALoader -b arty_a7_100t "
            "sterna.bit`; it is gone at power off.",
        source="Digilent, Arty-A7-100-Master.xdc",
    ),
)
