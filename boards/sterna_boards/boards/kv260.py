"""Kria KV260 of AMD: Zynq UltraScale+ with 4 GB of DDR4 at its processing system."""

from __future__ import annotations

from sterna_boards.bitstream_tools import Pin, Project
from sterna_boards.board import Board, Capacity
from sterna_boards.outside_memory import Network, OutsideMemory
from sterna_boards.shape import Shape

KV260 = Board(
    name="kv260",
    title="Kria KV260",
    device="xck26-sfvc784-2LV-c",
    family="xcup",
    pin_hz=250_000_000,
    clock_hz=250_000_000,
    baud=3_000_000,
    link="Pmod USBUART (FT232R) in the upper row of the Pmod connector J2",
    usb_id=(0x0403, 0x6001),
    capacity=Capacity(luts=117_120, block_rams=288, block_ram_bits=18_432, dsps=1_248,
                      large_rams=64),
    # All ports give 320 weights a clock.
    shape=Shape(rows=16, columns=24, vector_lanes=4, block_groups=16, head_words=2,
                lane="twin_tables"),
    model="demo",
    memory="DDR4 4 GB, 64 bits, four ports of the processing system",
    outside=OutsideMemory(kind="ps", ports=4, bits=128, burst=64, prefetch=1024,
                          port_bytes=1 << 28, gb_s=16.0, model="kv260-16"),
    # Of the 2 GB from 0x8_0000_0000 on, the upper one; the system ends 71 MB below it.
    network=Network(
        registers=0xA000_0000, memory=0x8_4000_0000,
        use="Keep the upper gigabyte from the board's Linux: `mem=3000M` on the kernel's command "
            "line. Load `sterna.bit` with a device tree overlay that AMD's tools make from "
            "`sterna.xsa` (createdts of xsct; its clock and port widths are in it). Copy the "
            "`sterna_*` files to the board, and there:"),
    port_name="/dev/ttyUSB0",
    revisions="the carrier card with the production SOM",
    project=Project(
        tool="vivado",
        board_files="kv260_som",
        pins=(
            Pin("tx", "E10", "LVCMOS33"),  # Pmod pin 2
            Pin("rx", "D10", "LVCMOS33"),  # Pmod pin 3
        ),
        use="`xsdb load.tcl` loads it over the USB connector J4: it stops the system on the "
            "processors and starts the memory, of which the accelerator takes the lower gigabyte. "
            "The board boots from its flash again after a power cycle.",
        source="AMD, Kria K26 SOM XDC and KV260 carrier card schematic",
    ),
)
