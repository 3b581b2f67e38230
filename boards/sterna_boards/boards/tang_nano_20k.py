"""Tang Nano 20K of Sipeed: GW2AR-18 with a BL616 on the serial port.

Its firmware: trabucayre/openFPGALoader, issue 511; sipeed/sipeed_wiki, issues 592 and 763.
"""

from __future__ import annotations

from typing import Any

from sterna_boards.bitstream_tools import OpenTools
from sterna_boards.board import Board, Capacity
from sterna_boards.bridge import FULL_SPEED
from sterna_boards.outside_memory import BoardSdram
from sterna_boards.shape import Shape


def _platform() -> Any:
    from amaranth.build import Attrs, Clock, Pins, Resource
    from amaranth_boards.resources import LEDResources, SDRAMResource, UARTResource

    from sterna_boards.parts.gowin import HimbaechelPlatform

    levels = Attrs(IO_TYPE="LVCMOS33")

    def wires(name: str, count: int) -> str:
        return " ".join(f"{name}{number}" for number in range(count))

    class TangNano20kPlatform(HimbaechelPlatform):
        """Clock, serial port, light-emitting diodes, and the SDRAM in the package."""

        part = "GW2AR-LV18QN88C8/I7"
        family = "GW2AR-18C"
        default_clk = "clk27"
        resources = [
            Resource("clk27", 0, Pins("4", dir="i"), Clock(27e6), levels),
            UARTResource(0, rx="70", tx="69", attrs=Attrs(IO_TYPE="LVCMOS33", PULL_MODE="UP")),
            *LEDResources(pins="15 16 17 18 19 20", invert=True, attrs=levels),
            SDRAMResource(0, clk="clk", cke="cke", cs_n="cs", we_n="wen", ras_n="ras", cas_n="cas",
                          ba=wires("ba", 2), a=wires("addr", 11), dq=wires("dq", 32),
                          dqm=wires("dqm", 4), attrs=levels),
        ]
        in_package = {f"sdram_0__{port}__io": name for port, name in {
            "clk": "O_sdram_clk", "clk_en": "O_sdram_cke", "cs": "O_sdram_cs_n",
            "we": "O_sdram_wen_n", "ras": "O_sdram_ras_n", "cas": "O_sdram_cas_n",
            "ba": "O_sdram_ba", "a": "O_sdram_addr", "dqm": "O_sdram_dqm",
            "dq": "IO_sdram_dq"}.items()}
        connectors = []

    return TangNano20kPlatform()


TANG_NANO_20K = Board(
    name="tang-nano-20k",
    title="Tang Nano 20K",
    device="GW2AR-LV18QN88C8/I7",
    family="gw2a",
    pin_hz=27_000_000,
    clock_hz=108_000_000,
    network_hz=81_000_000,
    baud=2_000_000,
    link="BL616, USB connector",
    usb_id=(0x0403, 0x6010),
    latency=FULL_SPEED,
    port_name="/dev/ttyUSB1",
    capacity=Capacity(luts=20_736, block_rams=46, block_ram_bits=18_432, dsps=48),
    shape=Shape(rows=8, columns=8, vector_lanes=4, top_k=4),
    model="demo-tiny",
    memory="SDRAM 8 MB in the package, 32 bits",
    revisions="all",
    notes=("firmware 2024122312 of the BL616 (the serial number that lsusb -v shows) answers at a "
           "quarter of the rate that the host asks for, and openFPGALoader fails with it: update "
           "it to 2025012315, wiki.sipeed.com/hardware/en/tang/common-doc/update_debugger.html",),
    # A clock brings 20 weights.
    sdram=BoardSdram(part="2m32", shape=Shape(rows=4, columns=16, vector_lanes=4, top_k=4),
                     clock_hz=81_000_000, prefetch=512),
    open_tools=OpenTools(
        platform=_platform,
        loader=("-b", "tangnano20k"),
        flash="the bitstream in its SPI flash",
        loader_hint="is the board plugged in, and may you use its USB device? openFPGALoader knows "
                    "it from 0.11 on, and fails with firmware 2024122312 of its BL616: `sterna "
                    "boards tang-nano-20k`",
    ),
)
