"""The pins of an SDR SDRAM on a board."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Elaboratable, Module
from amaranth.lib import io
from sterna.machine.sdram import SdramPart

CLOCK_LEAD = 2.5e-9
"""Seconds by which the part's clock leads that of the accelerator; see `SdramPins`."""
LEAD_LIMITS = (1.5e-9, 3.0e-9)
OUTPUT_DELAYS = (2.0, 4.5)
"""Nanoseconds of an output cell of an ECP5-6, the same for clock and signals but for `SKEW`."""
SKEW = 0.5
INPUT_SETUP = 1.0


def margins(part: SdramPart, clock_hz: float, lead: float) -> dict[str, float]:
    """Nanoseconds to spare at the pins, by name; see `SdramPins`. ``lead`` is in seconds."""
    period, lead = 1e9 / clock_hz, 1e9 * lead
    least, most = OUTPUT_DELAYS
    return {
        "write setup": period - lead - SKEW - part.t_is,
        "write hold": lead - SKEW - part.t_ih,
        "read setup": period + lead - most - part.t_ac - INPUT_SETUP,
        "read hold": least + part.t_oh - lead - SKEW,
    }


class SdramPins(Elaboratable):
    """Registers at the pins of resource ``sdram`` 0, and its clock from domain ``memory``.

    All signals but the clock pass a register in the pin cells, so that board and placement change
    nothing. The clock leaves a double-data-rate cell and leads the domain ``sync`` by L (1.5 to
    3.0 ns). With delay d of an output cell (2.0 to 4.5 ns on ECP5-6, the same for clock and signals
    within 0.5 ns), clock period T and the part's times (`margins`):

    - commands and writes: hold L - 0.5 >= tIH 1.0; setup T - L - 0.5 >= tIS 2.0;
    - reads, which are captured 2 T - (T - L) after the part's edge: setup T + L - d - tAC 5.5 - 1.0
      of the input cell, at least 0.5 ns at 100 MHz; hold d + tOH 2.0 - L - 0.5, at least 0.5 ns.

    At the boards' 75 MHz L is 2.67 ns, and reads have 5.0 ns of setup and 0.83 ns of hold to spare.

    CKE and CS# are tied active and DQM is tied low where the board connects them.

    Args:
        unit: component with the members `sterna_hw.memory.sdram_source.sdram_members`.
    """

    def __init__(self, unit: Any) -> None:
        self._unit = unit

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        unit, pins = self._unit, platform.request("sdram", 0, dir="-")
        clock: Any = io.DDRBuffer(io.Direction.Output, pins.clk, o_domain="memory")
        m.submodules.clock = clock
        m.d.comb += [clock.o[0].eq(1), clock.o[1].eq(0)]

        # Of the pins that are low when active, the platform turns the levels round.
        for name, level in (("ras", ~unit.sdram_ras_n), ("cas", ~unit.sdram_cas_n),
                            ("we", ~unit.sdram_we_n), ("ba", unit.sdram_ba),
                            ("a", unit.sdram_a)):
            m.submodules[name] = buffer = io.FFBuffer(io.Direction.Output, getattr(pins, name))
            m.d.comb += buffer.o.eq(level)
        for name, level in (("clk_en", 1), ("cs", 1), ("dqm", 0)):
            if hasattr(pins, name):
                m.submodules[name] = buffer = io.Buffer(io.Direction.Output, getattr(pins, name))
                m.d.comb += buffer.o.eq(level)
        m.submodules.dq = data = io.FFBuffer(io.Direction.Bidir, pins.dq)
        m.d.comb += [
            data.o.eq(unit.sdram_dq_o),
            data.oe.eq(unit.sdram_dq_oe),
            unit.sdram_dq_i.eq(data.i),
        ]
        return m
