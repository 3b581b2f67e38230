"""Tang Nano 9K of Sipeed: GW1NR-9 with a BL702 on the serial port.

Its rate: sipeed/TangNano-9K-example, issue 7.
"""

from __future__ import annotations

from typing import Any

from sterna_boards.bitstream_tools import OpenTools
from sterna_boards.board import Board, Capacity
from sterna_boards.bridge import FULL_SPEED
from sterna_boards.shape import Shape


def _platform() -> Any:
    from amaranth_boards.tang_nano_9k import TangNano9kPlatform as Described

    from sterna_boards.parts.gowin import HimbaechelPlatform

    class TangNano9kPlatform(HimbaechelPlatform):
        """The pins of amaranth-boards under today's tools."""

        part = Described.part
        family = Described.family
        default_clk = Described.default_clk
        resources = Described.resources
        connectors = Described.connectors

    return TangNano9kPlatform()


TANG_NANO_9K = Board(
    name="tang-nano-9k",
    title="Tang Nano 9K",
    device="GW1NR-LV9QN88PC6/I5",
    family="gw1n",
    pin_hz=27_000_000,
    clock_hz=67_500_000,
    network_hz=54_000_000,
    baud=3_000_000,
    link="BL702, USB connector",
    usb_id=(0x0403, 0x6010),
    latency=FULL_SPEED,
    port_name="/dev/ttyUSB1",
    capacity=Capacity(luts=8_640, block_rams=26, block_ram_bits=18_432, dsps=20),
    shape=Shape(rows=8, columns=4, vector_lanes=2, block_groups=4, top_k=4),
    model="demo-tiny",
    memory="PSRAM 8 MB in the package",
    revisions="all",
    notes=("3 Mbit/s is the highest rate seen through the BL702",),
    open_tools=OpenTools(
        platform=_platform,
        loader=("-b", "tangnano9k"),
        flash="the bitstream in the flash of the FPGA",
    ),
)
