"""ULX3S of Radiona: ECP5 with an FT231X on the serial port."""

from __future__ import annotations

from typing import Any

from sterna_boards.board import Board, BoardSdram, Capacity, Shape


def _platform_85f() -> Any:
    from amaranth_boards.ulx3s import ULX3S_85F_Platform

    return ULX3S_85F_Platform()


def _platform_12f() -> Any:
    from amaranth_boards.ulx3s import ULX3S_12F_Platform

    return ULX3S_12F_Platform()


# A clock brings 10 weights; 64 lanes make up for the barriers, in words with little padding.
_SDRAM = BoardSdram(part="16m16", shape=Shape(rows=4, columns=16, vector_lanes=4),
                    clock_hz=75_000_000, prefetch=1024)

ULX3S_85F = Board(
    name="ulx3s-85f",
    title="ULX3S 85F",
    device="LFE5U-85F-6BG381C",
    family="ecp5",
    pin_hz=25_000_000,
    clock_hz=100_000_000,
    network_hz=75_000_000,
    baud=3_000_000,
    link="FT231X, USB connector US1",
    capacity=Capacity(luts=83_640, block_rams=208, block_ram_bits=18_432, dsps=156),
    shape=Shape(rows=16, columns=96, vector_lanes=8, block_groups=16, lane="tables"),
    model="demo",
    memory="SDRAM 32 MB, 16 bits",
    platform=_platform_85f,
    loader=("-b", "ulx3s"),
    sdram=_SDRAM,
)

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
    # The die is that of the 25F, and the open tools use all of it.
    capacity=Capacity(luts=24_288, block_rams=56, block_ram_bits=18_432, dsps=28),
    shape=Shape(rows=4, columns=32, vector_lanes=4),
    model="demo-tiny",
    memory="SDRAM 32 MB, 16 bits",
    platform=_platform_12f,
    loader=("-b", "ulx3s"),
    sdram=_SDRAM,
)
