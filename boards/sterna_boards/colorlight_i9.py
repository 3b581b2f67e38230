"""Colorlight i9 v7.2 on its extension board, whose debug adapter carries the serial port."""

from __future__ import annotations

from typing import Any

from sterna_boards.board import Board, Capacity, Shape


def _platform() -> Any:
    from amaranth.build import Attrs, Clock, Pins, PinsN, Resource
    from amaranth.vendor import LatticeECP5Platform
    from amaranth_boards.resources import UARTResource

    levels = Attrs(IO_TYPE="LVCMOS33")

    class ColorlightI9Platform(LatticeECP5Platform):
        """Clock, serial port and light-emitting diode of the module."""

        device = "LFE5U-45F"
        package = "BG381"
        speed = "6"
        default_clk = "clk25"
        resources = [
            Resource("clk25", 0, Pins("P3", dir="i"), Clock(25e6), levels),
            Resource("led", 0, PinsN("L2", dir="o"), levels),
            UARTResource(0, rx="H18", tx="J17", attrs=levels),
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
    capacity=Capacity(luts=43_848, block_rams=108, block_ram_bits=18_432, dsps=72),
    shape=Shape(rows=8, columns=32, vector_lanes=8),
    model="demo-tiny",
    memory="SDRAM 8 MB, 32 bits",
    platform=_platform,
    loader=("-b", "colorlight-i9"),
)
