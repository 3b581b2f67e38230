"""Read ports of small memories that give a word in the clock of its address."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import ClockDomain, ClockSignal, Module
from amaranth.lib.memory import Memory


def has_lut_memory(platform: Any) -> bool:
    """Whether look-up tables of the part can be memories: not those of the iCE40 family."""
    return not str(getattr(platform, "device", "")).startswith("iCE40")


def add_with_immediate_read(m: Module, platform: Any, name: str, storage: Memory) -> Any:
    """Make a memory a submodule; returns a read port whose data appear in the clock of the address.

    What was written in the clock before is there. In look-up table memory the port is
    asynchronous. A part without that would make registers and multiplexers of the whole memory, so
    there a block RAM is read on the falling edge: the address has half a clock to settle, and so
    have the data.
    """
    if has_lut_memory(platform):
        m.submodules[name] = storage
        return storage.read_port(domain="comb")
    storage.attrs["ram_style"] = "block"
    inner = Module()
    inner.domains.falling = ClockDomain(clk_edge="neg", reset_less=True, local=True)
    inner.d.comb += ClockSignal("falling").eq(ClockSignal())
    inner.submodules.storage = storage
    m.submodules[name] = inner
    return storage.read_port(domain="falling")
