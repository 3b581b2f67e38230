"""ULX3S of Radiona: ECP5 with an FT231X on the serial port."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sterna_boards.bitstream_tools import OpenTools
from sterna_boards.board import Board, Capacity
from sterna_boards.bridge import UsbPort
from sterna_boards.outside_memory import BoardSdram
from sterna_boards.shape import Shape


def _platform(described: Any) -> Any:
    """A platform of amaranth-boards with a pull-up on the receiving pin and the ESP32 kept quiet.

    The ESP32 loads a bitstream of its own over the user's when its GPIO0 is low for some seconds,
    and an unused pin of an ECP5 is pulled low. By emard/ulx3s, doc/constraints, GPIO0 is L2 up to
    v3.1.4 (ulx3s_v20.lpf), with the ESP32's enable at F1, which a running board has high; from
    v3.1.6 on it is F1 (prototype/ulx3s_v316.lpf), with GPIO22 at L2. So both are driven high.
    """
    from amaranth.build import Attrs, Pins, Resource
    from amaranth_boards.resources import UARTResource

    class Ulx3sPlatform(described):
        resources = [
            *(one for one in described.resources if one.name != "uart"),
            UARTResource(0, rx="M1", tx="L4", attrs=Attrs(IO_TYPE="LVCMOS33", PULLMODE="UP")),
            Resource("held_high", 0, Pins("L2 F1", dir="o"),
                     Attrs(IO_TYPE="LVCMOS33", DRIVE="4")),
        ]

    return Ulx3sPlatform()


def _platform_85f() -> Any:
    from amaranth_boards.ulx3s import ULX3S_85F_Platform

    return _platform(ULX3S_85F_Platform)


def _platform_12f() -> Any:
    from amaranth_boards.ulx3s import ULX3S_12F_Platform

    return _platform(ULX3S_12F_Platform)


_REVISIONS = "v2.0 to v3.1.8"
_NOTES = (
    "GPIO0 of the ESP32 is held high, at L2 and F1: its firmware would load a bitstream of its own",
    "SDRAM by revision: v2.0 to v3.0.3 MT48LC16M16A2-6A, or M12L2561616A-6 from October 2019; "
    "v3.0.7 AS4C32M16SB-7, of which half is used; v3.0.8 to v3.1.8 IS42S16160G-7",
)
_US2 = UsbPort("usb", "the FPGA itself, USB connector US2")
_FLASH = "the bitstream at the start of its SPI flash"

# A clock brings 10 weights; 64 lanes make up for the barriers, in words with little padding.
_SDRAM = BoardSdram(part="16m16", shape=Shape(rows=4, columns=16, vector_lanes=4),
                    clock_hz=75_000_000, prefetch=1024)

_LARGE = Shape(rows=16, columns=96, vector_lanes=16, block_groups=16, head_words=8, lane="tables")

ULX3S_85F = Board(
    name="ulx3s-85f",
    title="ULX3S 85F",
    device="LFE5U-85F-6BG381C",
    family="ecp5",
    pin_hz=25_000_000,
    clock_hz=87_500_000,
    network_hz=75_000_000,
    baud=3_000_000,
    link="FT231X, USB connector US1",
    usb_id=(0x0403, 0x6015),
    usb=_US2,
    capacity=Capacity(luts=83_640, block_rams=208, block_ram_bits=18_432, dsps=156),
    shape=_LARGE,
    text_shape=replace(_LARGE, vector_lanes=8),
    text_hz=75_000_000,
    model="demo",
    memory="SDRAM 32 MB, 16 bits",
    revisions=_REVISIONS,
    notes=_NOTES,
    sdram=_SDRAM,
    open_tools=OpenTools(
        platform=_platform_85f,
        loader=("-b", "ulx3s"),
        flash=_FLASH,
        held_high=True,
    ),
)

_SMALL = Shape(rows=4, columns=32, vector_lanes=4)

ULX3S_12F = Board(
    name="ulx3s-12f",
    title="ULX3S 12F",
    device="LFE5U-12F-6BG381C",
    family="ecp5",
    pin_hz=25_000_000,
    clock_hz=85_000_000,
    network_hz=75_000_000,
    baud=3_000_000,
    link="FT231X, USB connector US1",
    usb_id=(0x0403, 0x6015),
    usb=_US2,
    # The die is that of the 25F, and the open tools use all of it.
    capacity=Capacity(luts=24_288, block_rams=56, block_ram_bits=18_432, dsps=28),
    shape=_SMALL,
    text_shape=_SMALL,
    model="demo-tiny",
    memory="SDRAM 32 MB, 16 bits",
    revisions=_REVISIONS,
    notes=_NOTES,
    sdram=_SDRAM,
    open_tools=OpenTools(
        platform=_platform_12f,
        loader=("-b", "ulx3s"),
        flash=_FLASH,
        held_high=True,
    ),
)
