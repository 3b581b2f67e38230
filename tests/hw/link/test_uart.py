# amaranth: UnusedElaboratable=no
"""UART: the line bit by bit, at whole and broken ratios of clock to bit rate."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Iterable
from fractions import Fraction
from typing import Any

import pytest
from amaranth.hdl import Module
from sterna_hw.component import Component
from sterna_hw.link.bit_timing import LEAST_TOLERANCE, borders, tolerance
from sterna_hw.link.uart import Uart, UartReceiver, UartTransmitter
from sterna_sim.streams import PERIOD, Receiver, sender, simulate

DIVISORS = [3, 4, 9, Fraction(27, 2), Fraction(100, 3), Fraction(25, 6)]
Testbench = Callable[[Any], Coroutine[Any, Any, None]]


def _bytes(count: int) -> list[int]:
    rng = random.Random(7)
    return [0x00, 0xFF, 0x55, 0x80, 0x01, *(rng.randrange(256) for _ in range(count - 5))]


def _frame(byte: int, stop: int = 1) -> list[int]:
    return [0, *((byte >> bit) & 1 for bit in range(8)), stop]


def _line(rx: Any, levels: Iterable[int], bit_clocks: float, phase: float = 0.0) -> Testbench:
    """Drive the line in continuous time, in no relation to the clock."""

    async def testbench(ctx: Any) -> None:
        await ctx.delay((8 + phase) * PERIOD)
        for level in levels:
            ctx.set(rx, level)
            await ctx.delay(bit_clocks * PERIOD)
        ctx.set(rx, 1)
        await ctx.delay((12 * bit_clocks + 8) * PERIOD)

    return testbench


def _receive(levels: list[int], divisor: Fraction | int, *, speed: float = 1.0,
             phase: float = 0.3) -> tuple[list[int], int, int]:
    """Bytes, framing errors and overruns that a receiver finds; ``speed`` is that of the sender."""
    receiver = UartReceiver(divisor)
    found: list[int] = []
    counts = [0, 0]

    async def collect(ctx: Any) -> None:
        ctx.set(receiver.bytes.ready, 1)
        while True:
            _, _, valid, byte, *counts[:] = await ctx.tick().sample(
                receiver.bytes.valid, receiver.bytes.payload, receiver.framing_errors,
                receiver.overruns)
            if valid:
                found.append(byte)

    drive = _line(receiver.rx, levels, float(divisor) / speed, phase)
    simulate(receiver, drive, background=[collect], deadline=1_000_000)
    return found, counts[0], counts[1]


@pytest.mark.parametrize("divisor", DIVISORS)
def test_transmitted_line_is_exact(divisor: Fraction | int) -> None:
    data = _bytes(8)
    transmitter = UartTransmitter(divisor)
    levels: list[int] = []

    async def watch(ctx: Any) -> None:
        while True:
            _, _, level = await ctx.tick().sample(transmitter.tx)
            levels.append(level)

    async def wait(ctx: Any) -> None:
        await ctx.tick().repeat(int(10 * len(data) * divisor) + 20)

    simulate(transmitter, sender(transmitter.bytes, data), wait, background=[watch])
    frame_clocks = int(10 * divisor + Fraction(1, 2))
    borders = [int(bit * divisor + Fraction(1, 2)) for bit in range(11)]
    expected = [1]
    for byte in data:
        for bit, level in enumerate(_frame(byte)):
            expected += [level] * (borders[bit + 1] - borders[bit])
    assert len(expected) == 1 + frame_clocks * len(data)
    assert levels[:len(expected)] == expected
    assert set(levels[len(expected):]) == {1}


@pytest.mark.parametrize("phase", [0.0, 0.35, 0.7])
@pytest.mark.parametrize("divisor", DIVISORS)
def test_received_bytes_at_every_phase(divisor: Fraction | int, phase: float) -> None:
    data = _bytes(12)
    levels = [level for byte in data for level in _frame(byte)]
    assert _receive(levels, divisor, phase=phase) == (data, 0, 0)


@pytest.mark.parametrize("error", [-1, 1])
@pytest.mark.parametrize("divisor", [Fraction(41, 20), 3, 4, 5, 7, Fraction(45, 2), 36])
def test_hosts_may_be_as_wrong_as_the_tolerance_says(divisor: Fraction | int, error: int) -> None:
    """Frames without a gap, all phases between clock and line: what is promised is kept."""
    data = [0x00, 0xFF, 0x55, 0xAA, 0x80, 0x01, 0x7F, 0xFE]
    levels = [level for byte in data for level in _frame(byte)]
    speed = 1 + error * float(tolerance(divisor)) * 0.9999
    assert abs(speed - 1) > 0.02499
    for phase in (0.001, 0.25, 0.5, 0.75, 0.999):
        assert _receive(levels, divisor, speed=speed, phase=phase) == (data, 0, 0)


@pytest.mark.parametrize("error", [-1, 1])
def test_a_host_that_is_worse_is_not_understood_at_every_phase(error: int) -> None:
    levels = [level for byte in (0x00, 0xFF) for level in _frame(byte)]
    found = [_receive(levels, 3, speed=1 + error * 0.04, phase=number / 10)
             for number in range(10)]
    assert found.count(([0x00, 0xFF], 0, 0)) < len(found)


@pytest.mark.parametrize("divisor", [Fraction(41, 20), 3, 4, Fraction(100, 3)])
def test_hosts_understand_what_is_sent(divisor: Fraction | int) -> None:
    """Looked at in the middle of the host's bits, found as it samples."""
    ends = [0, *borders(divisor)]
    for speed in (1 - tolerance(divisor), 1 + tolerance(divisor)):
        for bit in range(10):
            for late in (-Fraction(1, 32), Fraction(1, 32)):
                look = (bit + Fraction(1, 2) + late) * divisor / speed
                assert ends[bit] <= look <= ends[bit + 1]


def test_tolerance_where_little_is_to_choose() -> None:
    assert tolerance(3) == Fraction(1, 29) and tolerance(4) == Fraction(1, 37)
    assert tolerance(Fraction(33, 10)) < LEAST_TOLERANCE < tolerance(Fraction(31, 10))
    assert min(tolerance(Fraction(part, 100)) for part in range(380, 5000, 7)) > LEAST_TOLERANCE
    assert tolerance(1) == 0 >= tolerance(2)


def test_a_byte_without_stop_bit_is_dropped_and_counted() -> None:
    levels = [*_frame(0x31), *_frame(0x32, stop=0), 0, 0, 1, 1, *_frame(0x33)]
    assert _receive(levels, 8) == ([0x31, 0x33], 1, 0)


def test_a_long_break_is_one_framing_error() -> None:
    assert _receive([*[0] * 40, 1, *_frame(0x47)], 8) == ([0x47], 1, 0)


def test_a_spike_is_no_start_bit() -> None:
    receiver = UartReceiver(16)
    collector = Receiver(receiver.bytes, 1)

    async def drive(ctx: Any) -> None:
        for level, clocks in ((1, 5), (0, 6), (1, 30)):
            ctx.set(receiver.rx, level)
            await ctx.tick().repeat(clocks)
        await _line(receiver.rx, _frame(0x9C), 16)(ctx)
        assert ctx.get(receiver.framing_errors) == 0

    simulate(receiver, drive, collector)
    assert collector.values == [0x9C]


def test_bytes_that_nobody_takes_are_overwritten_and_counted() -> None:
    receiver = UartReceiver(4)

    async def drive(ctx: Any) -> None:
        levels = [level for byte in (1, 2, 3) for level in _frame(byte)]
        await _line(receiver.rx, levels, 4)(ctx)
        assert ctx.get(receiver.overruns) == 2
        assert (ctx.get(receiver.bytes.valid), ctx.get(receiver.bytes.payload)) == (1, 3)

    simulate(receiver, drive)


class _Loop(Component):
    """The line of a `Uart` goes back into it."""

    def __init__(self, divisor: Fraction | int) -> None:
        self.uart = Uart(divisor)
        super().__init__({})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.uart = self.uart
        m.d.comb += self.uart.rx.eq(self.uart.tx)
        return m


@pytest.mark.parametrize("divisor", [3, Fraction(25, 3)])
def test_both_directions_without_a_gap(divisor: Fraction | int) -> None:
    data = _bytes(30)
    loop = _Loop(divisor)
    collector = Receiver(loop.uart.received, len(data))
    simulate(loop, sender(loop.uart.sent, data), collector)
    assert collector.values == data
    gaps = {later - earlier for earlier, later in
            zip(collector.clocks, collector.clocks[1:], strict=False)}
    assert gaps == {int(10 * divisor + Fraction(1, 2))}


def test_three_bytes_wait() -> None:
    loop = _Loop(4)

    async def take_late(ctx: Any) -> None:
        await ctx.tick().repeat(40 * 5)
        collector = Receiver(loop.uart.received, 3)
        await collector(ctx)
        assert collector.values == [10, 20, 30]
        assert ctx.get(loop.uart.overruns) == 0

    simulate(loop, sender(loop.uart.sent, [10, 20, 30]), take_late)


@pytest.mark.parametrize("unit", [UartReceiver, UartTransmitter])
def test_too_few_clocks_are_refused(unit: type[Component]) -> None:
    with pytest.raises(ValueError, match="at 2.5 clocks a bit a host must be exact"):
        unit(Fraction(5, 2))
