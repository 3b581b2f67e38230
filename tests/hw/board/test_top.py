# amaranth: UnusedElaboratable=no
"""Board top level: bytes from the line pass the core and come back, over simulated pins."""

from __future__ import annotations

from typing import Any

import pytest
from amaranth.build import Attrs, Clock, Resource
from amaranth.build import Pins as PinNames
from amaranth.hdl import ClockDomain, Elaboratable, Module, Signal
from amaranth.lib import io
from amaranth.sim import Simulator
from amaranth.vendor import LatticeECP5Platform, LatticeICE40Platform
from amaranth_boards.resources import UARTResource
from sterna_hw.board.clock import ClockGenerator, generated_hz
from sterna_hw.board.top import BoardTop, Loopback
from sterna_sim.streams import PERIOD, simulate

BIT_CLOCKS = 5


class _SimulatedClock(Elaboratable):
    """In place of `ClockGenerator`: the simulator drives ``sync``."""

    clock_hz = 5e6
    resets = True

    def elaborate(self, platform: Any) -> Module:
        return Module()


class _Pins:
    """The part of a platform that `BoardTop` uses, with ports that a simulator can drive."""

    def __init__(self) -> None:
        self.rx = io.SimulationPort("i", 1)
        self.tx = io.SimulationPort("o", 1)
        self.high = io.SimulationPort("o", 2)

    def request(self, name: str, number: int, dir: str) -> Any:
        assert (number, dir) == (0, "-")
        return {"uart": self, "held_high": self.high}[name]


class _OnPins(Elaboratable):
    def __init__(self, top: BoardTop, pins: _Pins) -> None:
        self._top = top
        self._pins = pins

    def elaborate(self, platform: Any) -> Module:
        return self._top.elaborate(self._pins)


def test_bytes_come_back_over_the_pins() -> None:
    pins = _Pins()
    top = BoardTop(Loopback(), _SimulatedClock(), 1_000_000)  # type: ignore[arg-type]
    data = [0x00, 0xA5, 0x3C, 0xFF]
    found: list[int] = []

    async def send(ctx: Any) -> None:
        ctx.set(pins.rx.i, 1)
        await ctx.delay(10.3 * PERIOD)
        for byte in data:
            for level in [0, *((byte >> bit) & 1 for bit in range(8)), 1]:
                ctx.set(pins.rx.i, level)
                await ctx.delay(BIT_CLOCKS * PERIOD)

    async def receive(ctx: Any) -> None:
        for _ in data:
            await ctx.negedge(pins.tx.o)
            await ctx.delay(1.5 * BIT_CLOCKS * PERIOD)
            byte = 0
            for bit in range(8):
                byte |= ctx.get(pins.tx.o) << bit
                await ctx.delay(BIT_CLOCKS * PERIOD)
            assert ctx.get(pins.tx.o) == 1
            found.append(byte)

    simulate(_OnPins(top, pins), send, receive)
    assert found == data


def test_pins_are_held_high() -> None:
    pins = _Pins()
    top = BoardTop(Loopback(), _SimulatedClock(), 1_000_000,  # type: ignore[arg-type]
                   held_high=True)

    async def bench(ctx: Any) -> None:
        for _ in range(3):
            assert (ctx.get(pins.high.o), ctx.get(pins.high.oe)) == (0b11, 0b11)
            await ctx.tick()

    simulate(_OnPins(top, pins), bench)


def test_clock_of_the_pin_needs_no_loop() -> None:
    assert generated_hz("ecp5", 25e6, 25e6) == 25e6
    text = _verilog_of_clock("ecp5", 25e6)
    assert "EHXPLLL" not in text


@pytest.mark.parametrize("family, clock_hz, primitive", [
    ("ecp5", 100e6, "EHXPLLL"), ("ice40", 50e6, "SB_PLL40_PAD"),
])
def test_other_clocks_take_the_loop_of_the_family(family: str, clock_hz: float,
                                                  primitive: str) -> None:
    assert primitive in _verilog_of_clock(family, clock_hz)


@pytest.mark.parametrize("clock_hz", [25e6, 100e6])
def test_an_ecp5_starts_its_clock_instead_of_a_reset(clock_hz: float) -> None:
    text = _verilog_of_clock("ecp5", clock_hz)
    assert text.count("cell \\DCCA ") == 1 and "rst" not in text
    assert "DCCA" not in _verilog_of_clock("ice40", 50e6)


@pytest.mark.parametrize("family, least, most", [("ice40", 15e-6, 22e-6), ("gw1n", 0, 5e-6)])
def test_the_reset_lasts_as_long_as_the_part_needs(family: str, least: float, most: float) -> None:
    """An iCE40's block RAM reads zeros for some microseconds after machine."""
    clock = io.SimulationPort("i", 1)
    half = 0.5e-6
    released: list[float] = []

    class Platform:
        default_clk, default_rst = "clk", None

        def request(self, name: str, dir: str) -> io.SimulationPort:
            return clock

    class Held(Elaboratable):
        reset = Signal()

        def elaborate(self, platform: Any) -> Module:
            m = Module()
            m.domains.sync = sync = ClockDomain()
            generator = ClockGenerator(family, 1e6, 1e6)
            assert generator.resets
            m.submodules += generator.elaborate(Platform())
            m.d.comb += self.reset.eq(sync.rst)
            return m

    held = Held()

    async def run(ctx: Any) -> None:
        for number in range(40):
            ctx.set(clock.i, 1)
            await ctx.delay(half)
            ctx.set(clock.i, 0)
            await ctx.delay(half)
            if not ctx.get(held.reset):
                released.append((number + 1) * 2 * half)

    simulator = Simulator(held)
    simulator.add_testbench(run)
    simulator.run()
    assert least <= released[0] <= most


@pytest.mark.parametrize("pin_hz, clock_hz", [
    (10e6, 20e6), (12e6, 21e6), (16.9e6, 33.8e6), (17e6, 34e6), (25.9e6, 51.8e6), (26e6, 52e6),
    (43.9e6, 87.8e6), (44e6, 88e6), (65.9e6, 131.8e6), (66e6, 132e6), (100e6, 50e6),
    (101e6, 50.5e6), (133e6, 66.5e6),
])
def test_the_filter_of_an_ice40_suits_its_phase_detector(pin_hz: float, clock_hz: float) -> None:
    """The ranges that icepll of project IceStorm has from the vendor's tool."""
    text = _verilog_of_clock("ice40", clock_hz, pin_hz)

    def parameter(name: str) -> int:
        return int(text.split(f"parameter \\{name} ")[1].split()[0])

    detector = pin_hz / (parameter("DIVR") + 1)
    limits = ((17e6, 1), (26e6, 2), (44e6, 3), (66e6, 4), (101e6, 5), (float("inf"), 6))
    assert parameter("FILTER_RANGE") == next(
        number for limit, number in limits if detector < limit)


def test_every_filter_range_was_looked_at() -> None:
    assert {_filter_range(hertz) for hertz in (10e6, 17e6, 26e6, 44e6, 66e6, 101e6)} == set(
        range(1, 7))


def _filter_range(pin_hz: float) -> int:
    text = _verilog_of_clock("ice40", pin_hz * 2 if pin_hz < 60e6 else pin_hz / 2, pin_hz)
    return int(text.split("parameter \\FILTER_RANGE ")[1].split()[0])


def _verilog_of_clock(family: str, clock_hz: float, pin_hz: float = 25e6) -> str:
    """The sources of a counter behind the clock generator."""
    base = LatticeECP5Platform if family == "ecp5" else LatticeICE40Platform

    class Platform(base):  # type: ignore[misc,valid-type]
        device = "LFE5U-25F" if family == "ecp5" else "iCE40UP5K"
        package = "BG381" if family == "ecp5" else "SG48"
        speed = "6"
        default_clk = "clk"
        resources = [
            Resource("clk", 0, PinNames("1", dir="i"), Clock(25e6), Attrs()),
            UARTResource(0, rx="2", tx="3"),
        ]
        connectors = []

    class Counter(Elaboratable):
        def elaborate(self, platform: Any) -> Module:
            m = Module()
            m.submodules.clock = clock = ClockGenerator(family, pin_hz, clock_hz)
            m.domains.sync = ClockDomain(reset_less=not clock.resets)
            count = Signal(4)
            m.d.sync += count.eq(count + 1)
            pins = platform.request("uart", 0, dir="-")
            m.submodules.tx = tx = io.Buffer(io.Direction.Output, pins.tx)
            m.d.comb += tx.o.eq(count[3])
            return m

    return Platform().prepare(Counter(), "top").files["top.il"]
