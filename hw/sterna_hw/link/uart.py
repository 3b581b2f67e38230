"""UART: eight data bits, no parity, one stop bit, at any ratio of clock to bit rate."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from amaranth.hdl import Array, Cat, Const, Module, Signal
from amaranth.lib import stream
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component
from sterna_hw.link.bit_timing import (
    DATA_BITS,
    FRAME_BITS,
    borders,
    check_divisor,
    look_instants,
)
from sterna_hw.stream import StreamBuffer, connect_streams

COUNTER_BITS = 16
_IDLE_HIGH: Any = {"init": 1}


def _steps(instants: list[int]) -> list[int]:
    return [later - earlier for earlier, later in zip([0, *instants], instants, strict=False)]


class _BitClock:
    """Counts down the clocks of one step after the other."""

    def __init__(self, m: Module, steps: list[int], position: Signal) -> None:
        table = Array([Const(step - 1, range(max(steps))) for step in steps])
        self._m = m
        self._next = table[position]
        self._left = Signal(range(max(steps)))
        self.elapsed = Signal()
        m.d.comb += self.elapsed.eq(self._left == 0)
        m.d.sync += self._left.eq(self._left - 1)

    def load(self) -> Any:
        """The statement that starts the step of the position."""
        return self._left.eq(self._next)


class UartReceiver(Component):
    """Bytes from a line.

    The line is looked at once in the middle of every bit; a start bit that is over by then is taken
    for noise. Instants are chosen one by one (`look_instants`), so the error does not add up over
    the frame. After a stop bit that is low the byte is dropped and the receiver waits for the line
    to rise.

    Latency: 3 to 4 clocks after the middle of the stop bit. Throughput: what the line delivers, and
    frames may follow each other half a bit early. A host may be as wrong as `tolerance` says.

    Members:
        rx: In(1), the line, idle high, in no relation to the clock.
        bytes: Out, stream of unsigned(8). A byte that is not taken before the next is complete is
            overwritten.
        framing_errors: Out(16), frames without a stop bit.
        overruns: Out(16), bytes overwritten.

    Args:
        divisor: clocks of a bit, a whole number or a `Fraction`.

    Raises:
        ValueError: as `check_divisor`.
    """

    def __init__(self, divisor: Fraction | int) -> None:
        check_divisor(divisor)
        self._steps = _steps(look_instants(divisor))
        super().__init__({
            "rx": In(1, **_IDLE_HIGH),
            "bytes": Out(stream.Signature(DATA_BITS)),
            "framing_errors": Out(COUNTER_BITS),
            "overruns": Out(COUNTER_BITS),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        line = Signal(init=1)
        m.submodules.synchronizer = FFSynchronizer(self.rx, line, init=1)
        position = Signal(range(FRAME_BITS))
        clock = _BitClock(m, self._steps, position)
        data = Signal(DATA_BITS, reset_less=True)

        with m.If(self.bytes.ready):
            m.d.sync += self.bytes.valid.eq(0)
        with m.FSM():
            with m.State("idle"):
                with m.If(~line):
                    m.d.sync += [clock.load(), position.eq(1)]
                    m.next = "frame"
            with m.State("frame"):
                with m.If(clock.elapsed):
                    m.d.sync += [clock.load(), position.eq(position + 1)]
                    with m.If((position == 1) & line):
                        m.d.sync += position.eq(0)
                        m.next = "idle"
                    with m.Elif(position == 0):
                        m.d.sync += position.eq(0)
                        m.next = "idle"
                        with m.If(line):
                            m.d.sync += [self.bytes.payload.eq(data), self.bytes.valid.eq(1)]
                            with m.If(self.bytes.valid & ~self.bytes.ready):
                                m.d.sync += self.overruns.eq(self.overruns + 1)
                        with m.Else():
                            m.d.sync += self.framing_errors.eq(self.framing_errors + 1)
                            m.next = "broken"
                    with m.Else():
                        m.d.sync += data.eq(Cat(data[1:], line))
                    with m.If(position == FRAME_BITS - 1):
                        m.d.sync += position.eq(0)
            with m.State("broken"):
                with m.If(line):
                    m.next = "idle"
        return m


class UartTransmitter(Component):
    """Bytes to a line.

    Latency: the start bit leaves the clock after the byte is taken. Throughput: one byte in ten
    bits, without a gap.

    Members:
        bytes: In, stream of unsigned(8); ready in idle and in the last clock of a stop bit.
        tx: Out(1), the line, idle high; leaves a register.

    Args:
        divisor: clocks of a bit, a whole number or a `Fraction`; borders are rounded one by one.

    Raises:
        ValueError: as `check_divisor`.
    """

    def __init__(self, divisor: Fraction | int) -> None:
        check_divisor(divisor)
        self._steps = _steps(borders(divisor))
        super().__init__({
            "bytes": In(stream.Signature(DATA_BITS)),
            "tx": Out(1, **_IDLE_HIGH),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        position = Signal(range(FRAME_BITS))
        clock = _BitClock(m, self._steps, position)
        busy = Signal()
        bits = Signal(DATA_BITS + 1, reset_less=True)
        last = Signal()
        m.d.comb += [
            # While the stop bit lasts, `position` is already that of the next start bit.
            last.eq(busy & clock.elapsed & (position == 0)),
            self.bytes.ready.eq(~busy | last),
        ]
        with m.If(self.bytes.valid & self.bytes.ready):
            m.d.sync += [
                self.tx.eq(0),
                bits.eq(Cat(self.bytes.payload, 1)),
                clock.load(),
                position.eq(1),
                busy.eq(1),
            ]
        with m.Elif(last):
            m.d.sync += busy.eq(0)
        with m.Elif(busy & clock.elapsed):
            m.d.sync += [
                self.tx.eq(bits[0]),
                bits.eq(bits >> 1),
                clock.load(),
                position.eq(position + 1),
            ]
            with m.If(position == FRAME_BITS - 1):
                m.d.sync += position.eq(0)
        return m


class Uart(Component):
    """Both directions; three received bytes wait while the link is busy.

    Members:
        rx: In(1), tx: Out(1): the lines.
        received: Out, stream of unsigned(8). sent: In, stream of unsigned(8).
        framing_errors: Out(16), overruns: Out(16): as `UartReceiver` counts them.

    Args:
        divisor: clocks of a bit, a whole number or a `Fraction` that `check_divisor` takes.
    """

    def __init__(self, divisor: Fraction | int) -> None:
        self._divisor = divisor
        super().__init__({
            "rx": In(1, **_IDLE_HIGH),
            "tx": Out(1, **_IDLE_HIGH),
            "received": Out(stream.Signature(DATA_BITS)),
            "sent": In(stream.Signature(DATA_BITS)),
            "framing_errors": Out(COUNTER_BITS),
            "overruns": Out(COUNTER_BITS),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.receiver = receiver = UartReceiver(self._divisor)
        m.submodules.buffer = buffer = StreamBuffer(DATA_BITS)
        m.submodules.transmitter = transmitter = UartTransmitter(self._divisor)
        connect_streams(m, receiver.bytes, buffer.i)
        connect_streams(m, buffer.o, self.received)
        connect_streams(m, self.sent, transmitter.bytes)
        m.d.comb += [
            receiver.rx.eq(self.rx),
            self.tx.eq(transmitter.tx),
            self.framing_errors.eq(receiver.framing_errors),
            self.overruns.eq(receiver.overruns),
        ]
        return m
