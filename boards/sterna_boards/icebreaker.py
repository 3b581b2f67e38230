"""iCEBreaker of 1BitSquared: iCE40 UP5K with an FT2232H on the serial port."""

from __future__ import annotations

from typing import Any

from sterna_boards.board import Board, Capacity, Shape


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
    baud=3_000_000,
    link="FT2232H, USB connector, second port",
    capacity=Capacity(luts=5_280, block_rams=30, block_ram_bits=4_096, dsps=8,
                      single_port_rams=4),
    shape=Shape(rows=2, columns=4, vector_lanes=1, block_groups=4, top_k=4, vector_interval=2,
                compact=True),
    model="demo-tiny",
    memory="none",
    platform=_platform,
    loader=("-b", "ice40_generic"),
)
