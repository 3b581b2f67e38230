"""Colorlight i9 v7.2 on its extension board, whose debug adapter carries the serial port."""

from __future__ import annotations

from typing import Any

from sterna_boards.bitstream_tools import OpenTools
from sterna_boards.board import Board, Capacity
from sterna_boards.bridge import FULL_SPEED, Bridge
from sterna_boards.outside_memory import BoardSdram
from sterna_boards.shape import Shape


def _platform() -> Any:
    from amaranth.build import Attrs, Clock, Pins, PinsN, Resource
    from amaranth.vendor import LatticeECP5Platform
    from amaranth_boards.resources import SDRAMResource, UARTResource

    levels = Attrs(IO_TYPE="LVCMOS33")

    class ColorlightI9Platform(LatticeECP5Platform):
        """Clock, serial port, light-emitting diode and SDRAM of the module.

        The board ties CKE high, CS# and DQM low. Pins as documented by the project
        Colorlight-FPGA-Projects and used by litex-boards.
        """

        device = "LFE5U-45F"
        package = "BG381"
        speed = "6"
        default_clk = "clk25"
        resources = [
            Resource("clk25", 0, Pins("P3", dir="i"), Clock(25e6), levels),
            Resource("led", 0, PinsN("L2", dir="o"), levels),
            UARTResource(0, rx="H18", tx="J17",
                         attrs=Attrs(IO_TYPE="LVCMOS33", PULLMODE="UP")),
            SDRAMResource(
                0, clk="B9", we_n="A10", ras_n="B10", cas_n="A9", ba="B11 C8",
                a="B13 C14 A16 A17 B16 B15 A14 A13 A12 A11 B12",
                dq="D15 E14 E13 D12 E12 D11 C10 B17 B8 A8 C7 A7 A6 B6 A5 B5 "
                   "D5 C5 D6 C6 E7 D7 E8 D8 E9 D9 E11 C11 C12 D13 D14 C15",
                attrs=Attrs(IO_TYPE="LVCMOS33", SLEWRATE="FAST")),
        ]
        connectors = []

    return ColorlightI9Platform()


COLORLIGHT_I9 = Board(
    name="colorlight-i9",
    title="Colorlight i9 v7.2",
    device="LFE5U-45F-6BG381C",
    family="ecp5",
    pin_hz=25_000_000,
    clock_hz=75_000_000,
    baud=1_000_000,
    link="debug adapter of the extension board",
    usb_id=(0x0D28, 0x0204),
    latency=FULL_SPEED,
    port_name="/dev/ttyACM0",
    capacity=Capacity(luts=43_848, block_rams=108, block_ram_bits=18_432, dsps=72),
    shape=Shape(rows=8, columns=32, vector_lanes=8),
    model="demo-tiny",
    memory="SDRAM 8 MB, 32 bits",
    revisions="i9 v7.2 (not v7.0 or i9+) on the extension board for i5 and i9",
    notes=("the probe keeps 512 bytes of what the board sends and drops more without a word: "
           "longer answers are paced to 32 kB/s",
           "v7.2 carries SDRAM M12L64322A-6B"),
    # DAPLink on an STM32F103: source/hic_hal/stm32/stm32f103xb/uart.c keeps 512 bytes, without flow
    # control, and the main loop moves them to USB packets of 64 bytes; half a packet a frame.
    bridge=Bridge(holds=512, passes=32_000),
    # A clock brings 20 weights.
    sdram=BoardSdram(part="2m32", shape=Shape(rows=4, columns=16, vector_lanes=4),
                     clock_hz=75_000_000, prefetch=1024),
    open_tools=OpenTools(
        platform=_platform,
        loader=("-b", "colorlight-i9"),
        flash="the bitstream at the start of its SPI flash, its maker's if nobody changed it",
    ),
)
