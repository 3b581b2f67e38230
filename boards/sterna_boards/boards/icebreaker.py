"""iCEBreaker of 1BitSquared: iCE40 UP5K with an FT2232H on the serial port.

openFPGALoader writes the flash of an iCE40 unless told otherwise (spi_comm in src/main.cpp), and
names no other way for this board ("Memory: NA" in doc/boards.yml).
"""

from __future__ import annotations

from typing import Any

from sterna_boards.bitstream_tools import OpenTools
from sterna_boards.board import Board, Capacity
from sterna_boards.shape import Shape


def _platform() -> Any:
    from amaranth_boards.icebreaker import ICEBreakerPlatform

    return ICEBreakerPlatform()


ICEBREAKER = Board(
    name="icebreaker",
    title="iCEBreaker",
    device="iCE40UP5K-SG48",
    family="ice40",
    pin_hz=12_000_000,
    clock_hz=21_000_000,
    # The bridge makes 12 Mbit/s, of which a bit has less than two clocks here.
    baud=3_000_000,
    link="FT2232H, USB connector, second port",
    usb_id=(0x0403, 0x6010),
    port_name="/dev/ttyUSB1",
    capacity=Capacity(luts=5_280, block_rams=30, block_ram_bits=4_096, dsps=8,
                      single_port_rams=4),
    shape=Shape(rows=2, columns=4, vector_lanes=1, block_groups=4, top_k=4, vector_interval=2,
                compact=True),
    model="demo-tiny",
    memory="none",
    revisions="V1.0 and later, not the iCEBreaker-bitsy",
    notes=("--program writes its SPI flash: for a bitstream that is gone at power off, jumpers "
           "must lead the FT2232H's SPI port to the FPGA instead of the flash",),
    open_tools=OpenTools(
        platform=_platform,
        loader=("-b", "ice40_generic"),
        flash="the bitstream at the start of its SPI flash, with which it starts",
        flash_only=True,
    ),
)
