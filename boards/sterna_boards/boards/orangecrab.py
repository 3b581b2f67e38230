"""OrangeCrab r0.2 85F: ECP5 without a serial chip; the port is on the header.

The boot loader (gregdavill/foboot, v3.0: "hold button while powering up"; it keeps the bitstream
from 0x80000 on) is a DFU device, which openFPGALoader writes as such (src/board.hpp).
"""

from __future__ import annotations

from typing import Any

from sterna_boards.bitstream_tools import OpenTools
from sterna_boards.board import Board, Capacity
from sterna_boards.bridge import UsbPort
from sterna_boards.shape import Shape


def _platform() -> Any:
    from amaranth.build import Attrs
    from amaranth.vendor import LatticeECP5Platform
    from amaranth_boards.orangecrab_r0_2 import OrangeCrabR0_2_85FPlatform
    from amaranth_boards.resources import UARTResource

    class OrangeCrabPlatform(OrangeCrabR0_2_85FPlatform):
        """With the serial port on the pins that the header labels 0 (RX) and 1 (TX)."""

        resources = [
            *OrangeCrabR0_2_85FPlatform.resources,
            UARTResource(0, rx="0", tx="1", conn=("io", 0),
                         attrs=Attrs(IO_TYPE="LVCMOS33", PULLMODE="UP")),
        ]
        # Without the suffix for dfu-util, whose tool pip cannot install.
        required_tools = LatticeECP5Platform.required_tools
        command_templates = LatticeECP5Platform.command_templates

    return OrangeCrabPlatform()


ORANGECRAB_85F = Board(
    name="orangecrab-85f",
    title="OrangeCrab r0.2 85F",
    device="LFE5U-85F-8MG285C",
    family="ecp5",
    pin_hz=48_000_000,
    clock_hz=100_000_000,
    network_hz=75_000_000,
    baud=1_000_000,
    link="header pins 0 (RX) and 1 (TX), 3.3 V, own adapter",
    usb=UsbPort("usb", "the FPGA itself, the board's USB connector"),
    capacity=Capacity(luts=83_640, block_rams=208, block_ram_bits=18_432, dsps=156),
    shape=Shape(rows=16, columns=96, vector_lanes=8, block_groups=16, head_words=8,
                lane="tables"),
    model="demo",
    memory="DDR3L 128 to 512 MB, 16 bits",
    revisions="r0.2",
    notes=("without a serial chip: a USB adapter of 3.3 V and 1 Mbit/s goes to the header, or "
           "--link usb makes one in the FPGA, at the board's own connector",
           "its boot loader takes a bitstream only into the flash; it runs while the button btn0 "
           "is held when the USB cable is plugged in"),
    open_tools=OpenTools(
        platform=_platform,
        loader=("-b", "orangeCrab"),
        flash="the user's bitstream in its SPI flash, from 0x80000 on; the boot loader stays",
        flash_only=True,
        loader_hint="is it in its boot loader? Hold its button (btn0) while you plug in the USB "
                    "cable",
    ),
)
