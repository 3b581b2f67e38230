"""Words in the large single-port RAMs of an iCE40 UltraPlus."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import ClockSignal, Const, Instance, Module, Signal
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component

RAM_BITS = 16
RAM_DEPTH = 1 << 14


def has_single_port_rams(platform: Any) -> bool:
    """Whether the part has SB_SPRAM256KA: the iCE40 UltraPlus has four."""
    return str(getattr(platform, "device", "")).startswith("iCE40UP")


class SinglePortBank(Component):
    """Up to 16,384 words in as many RAMs of 16 bits side by side as the width takes.

    Content at power up is anything. A write takes the only port: a read in its clock does not
    happen, and ``data`` is anything until the next read. Primitive: SB_SPRAM256KA (Lattice
    FPGA-TN-02022, SPRAM usage guide).

    Members:
        write_enable, write_address, write_data: In; in the memory in the next clock.
        address: In. enable: In(1), read in this clock.
        data: Out(width), the word of the last read (latency 1).

    Args:
        width: bits of a word.
        depth: words; raises ValueError beyond 16,384.
    """

    def __init__(self, width: int, depth: int) -> None:
        if depth > RAM_DEPTH:
            raise ValueError(f"{depth} words; a single-port RAM holds {RAM_DEPTH}")
        self._width = width
        super().__init__({
            "write_enable": In(1), "write_address": In(range(depth)), "write_data": In(width),
            "address": In(range(depth)), "enable": In(1), "data": Out(width),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        address = Signal(range(RAM_DEPTH))
        m.d.comb += address.eq(self.address)
        with m.If(self.write_enable):
            m.d.comb += address.eq(self.write_address)
        for index, start in enumerate(range(0, self._width, RAM_BITS)):
            end = min(self._width, start + RAM_BITS)
            data_in = Signal(RAM_BITS)
            data_out = Signal(RAM_BITS)
            m.d.comb += [
                data_in.eq(self.write_data[start:end]),
                self.data[start:end].eq(data_out),
            ]
            m.submodules[f"ram_{index}"] = Instance(
                "SB_SPRAM256KA",
                i_CLOCK=ClockSignal(), i_ADDRESS=address, i_DATAIN=data_in, o_DATAOUT=data_out,
                i_CHIPSELECT=self.enable | self.write_enable, i_WREN=self.write_enable,
                i_MASKWREN=Const(0b1111, 4), i_STANDBY=Const(0), i_SLEEP=Const(0),
                i_POWEROFF=Const(1),
            )
        return m
