# amaranth: UnusedElaboratable=no
"""The pins of an SDRAM: levels, latency of the registers, the clock that leads."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from amaranth.hdl import ClockDomain, ClockSignal, Elaboratable, Module, Signal
from amaranth.lib import io
from sterna.errors import InputError
from sterna.machine.memory import Sdram
from sterna.machine.presets import PRESETS
from sterna_boards.catalogue import find_board
from sterna_boards.flows.open.designs import accelerator
from sterna_hw.board.clock import ClockGenerator
from sterna_hw.board.sdram_pins import CLOCK_LEAD, LEAD_LIMITS, SdramPins
from sterna_hw.memory import SdramSource
from sterna_sim.streams import simulate

LEAD = (CLOCK_LEAD, *LEAD_LIMITS)


class _Platform(SimpleNamespace):
    """Hands out ports that a simulator can see; the levels of commands are turned round."""

    def request(self, name: str, number: int, dir: str) -> _Platform:
        assert (name, number, dir) == ("sdram", 0, "-")
        return self


def _platform() -> _Platform:
    def low(width: int) -> io.SimulationPort:
        return io.SimulationPort("o", width, invert=True)

    return _Platform(
        clk=io.SimulationPort("o", 1), clk_en=io.SimulationPort("o", 1), cs=low(1), ras=low(1),
        cas=low(1), we=low(1), ba=io.SimulationPort("o", 2), a=io.SimulationPort("o", 13),
        dqm=io.SimulationPort("o", 2), dq=io.SimulationPort("io", 16))


class _DoubleRate(Elaboratable):
    """In place of the buffer that Amaranth does not simulate: keeps what it is given."""

    def __init__(self, direction: Any, port: Any, *, o_domain: str) -> None:
        assert (direction, o_domain) == (io.Direction.Output, "memory")
        self.o = [Signal(), Signal()]

    def elaborate(self, platform: Any) -> Module:
        return Module()


class _OnPins(Elaboratable):
    def __init__(self, unit: SdramSource, platform: _Platform) -> None:
        self._unit, self._platform = unit, platform

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.domains.memory = ClockDomain(reset_less=True)
        m.d.comb += ClockSignal("memory").eq(ClockSignal("sync"))
        m.submodules.pins = SdramPins(self._unit).elaborate(self._platform)
        return m


def test_a_register_each_way_and_levels_as_at_the_chip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(io, "DDRBuffer", _DoubleRate)
    machine = PRESETS["small"].having(memory=Sdram(part="16m16", hz=round(75e6)))
    unit, pins = SdramSource(machine), _platform()

    async def bench(ctx: Any) -> None:
        assert ctx.get(pins.clk_en.o) == 1 and ctx.get(pins.cs.o) == 0
        assert ctx.get(pins.dqm.o) == 0
        # READ of bank 2, column 0x135, while data come in.
        for signal, value in ((unit.sdram_cas_n, 0), (unit.sdram_ba, 2), (unit.sdram_a, 0x135),
                              (unit.sdram_dq_o, 0xABCD), (unit.sdram_dq_oe, 1)):
            ctx.set(signal, value)
        ctx.set(pins.dq.i, 0x1234)
        await ctx.tick()
        assert [ctx.get(pin.o) for pin in (pins.ras, pins.cas, pins.we)] == [1, 0, 1]
        assert (ctx.get(pins.ba.o), ctx.get(pins.a.o)) == (2, 0x135)
        assert (ctx.get(pins.dq.o), ctx.get(pins.dq.oe)) == (0xABCD, 0xFFFF)
        assert ctx.get(unit.sdram_dq_i) == 0x1234

    simulate(_OnPins(unit, pins), bench)


def test_the_clock_of_the_part_leads() -> None:
    board = find_board("ulx3s-85f")
    machine = board.sdram_machine()
    design = accelerator(board, machine, machine.sdram.hz)
    text = board.tools().platform().prepare(design.top(), "top").files["top.il"]
    values = {name: int(text.split(f"parameter \\{name} ")[1].split("\n")[0])
              for name in ("CLKFB_DIV", "CLKOP_DIV", "CLKI_DIV", "CLKOS_DIV", "CLKOS_CPHASE",
                           "CLKOS2_DIV", "CLKOS2_CPHASE")}
    oscillator = 25e6 / values["CLKI_DIV"] * values["CLKFB_DIV"] * values["CLKOP_DIV"]
    assert oscillator / values["CLKOS_DIV"] == oscillator / values["CLKOS2_DIV"] == 75e6
    late = values["CLKOS2_CPHASE"] - values["CLKOS_CPHASE"]
    lead = (values["CLKOS_DIV"] - late) / oscillator
    assert LEAD_LIMITS[0] <= lead <= LEAD_LIMITS[1]
    assert text.count("cell \\ODDRX1F ") == 1 and text.count("cell \\IFS1P3DX ") == 16


@pytest.mark.parametrize("hertz", [54e6, 81e6, 108e6])
def test_the_clock_leads_on_a_gowin_part(hertz: float) -> None:
    board = find_board("tang-nano-20k")
    machine = board.sdram_machine(hertz)
    design = accelerator(board, machine, machine.sdram.hz)
    text = board.tools().platform().prepare(design.top(), "top", nextpnr_opts="").files["top.il"]
    late = int(text.split("parameter \\PSDA_SEL \"")[1].split("\"")[0], 2)
    assert LEAD_LIMITS[0] <= (16 - late) / 16 / hertz <= LEAD_LIMITS[1]
    assert text.count("cell \\ODDR ") == 1 and text.count("connect \\CLKOUTP ") == 1


@pytest.mark.parametrize("family, hertz", [("ice40", 50e6), ("ecp5", 400e6)])
def test_clocks_without_a_lead_are_refused(family: str, hertz: float) -> None:
    with pytest.raises(InputError, match="no clock 2.5 ns earlier at .* ask for another"):
        ClockGenerator(family, 25e6, hertz, LEAD)


def test_a_configuration_for_another_clock_or_part_is_refused() -> None:
    board = find_board("colorlight-i9")
    machine = board.sdram_machine()
    with pytest.raises(InputError, match="is for SDRAM 2m32 at 75 MHz, this is 2m32 at 60 MHz"):
        accelerator(board, machine, 60e6)
    other = machine.having(memory=Sdram(part="16m16", hz=round(75e6)))
    with pytest.raises(InputError, match="is for SDRAM 16m16 at 75 MHz, this is 2m32"):
        accelerator(board, other, 75e6)
    with pytest.raises(InputError, match="icebreaker: has no SDRAM that weights can lie in"):
        find_board("icebreaker").sdram_machine()
