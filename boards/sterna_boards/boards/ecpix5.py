"""ECPIX-5 85F of LambdaConcept: ECP5-5G with an FT2232H on the serial port.

Revision R03 has an FT4232H: another cable of openFPGALoader (doc/boards.yml).
"""

from __future__ import annotations

from typing import Any

from sterna_boards.bitstream_tools import OpenTools
from sterna_boards.board import Board, Capacity
from sterna_boards.bridge import HIGH_SPEED_BAUD, UsbPort
from sterna_boards.shape import Shape


def _platform() -> Any:
    from amaranth_boards.ecpix5 import ECPIX585Platform

    return ECPIX585Platform()


ECPIX5_85F = Board(
    name="ecpix5-85f",
    title="ECPIX-5 85F",
    device="LFE5UM5G-85F-8BG554C",
    family="ecp5",
    pin_hz=100_000_000,
    clock_hz=100_000_000,
    network_hz=75_000_000,
    baud=HIGH_SPEED_BAUD,
    link="FT2232H, micro USB connector",
    usb_id=(0x0403, 0x6010),
    usb=UsbPort("ulpi", "the FPGA itself with a USB3300, USB C connector"),
    port_name="/dev/ttyUSB1",
    capacity=Capacity(luts=83_640, block_rams=208, block_ram_bits=18_432, dsps=156),
    shape=Shape(rows=16, columns=96, vector_lanes=8, block_groups=16, head_words=8,
                lane="tables"),
    model="demo",
    memory="DDR3 512 MB, 16 bits",
    revisions="up to R02, with an FT2232H, and R03, with an FT4232H",
    open_tools=OpenTools(
        platform=_platform,
        loader=("-b", "ecpix5"),
        flash="the bitstream at the start of its SPI flash",
        other_loaders=(("-b", "ecpix5_r03"),),
        loader_hint="is the board plugged in, and may you use its USB device? Revision R03 has "
                    "another cable, ecpix5_r03, which openFPGALoader knows from 1.0 on",
    ),
)
