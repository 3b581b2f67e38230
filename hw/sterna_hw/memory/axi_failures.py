"""Remembers error answers of memories behind AXI4 ports until the host is told."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out
from sterna.machine.protocol import FAILED_READ, FAILED_WRITE, FAILURE_BITS

from sterna_hw.component import Component


class AxiFailures(Component):
    """The first error answer (SLVERR, DECERR), as the code that the link sends; see the protocol.

    One of a write is kept until it is told, one of a read also no longer than to the next run,
    which reads everything again. Latency 2 clocks: a word takes longer from its port to its use.

    Members:
        restart: In(1), a run begins.
        reads, writes: In(ports), a beat or a write of that port is answered with an error.
        taken: In(1), the failure is told.
        failure: Out, `FAILED_READ` or `FAILED_WRITE` plus the port, 0 while there is none.
    """

    def __init__(self, ports: int) -> None:
        super().__init__({
            "restart": In(1), "reads": In(ports), "writes": In(ports),
            "taken": In(1), "failure": Out(FAILURE_BITS),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        reads = Signal.like(self.reads)
        writes = Signal.like(self.writes)
        m.d.sync += [reads.eq(self.reads), writes.eq(self.writes)]
        with m.If(self.taken | (self.restart & (self.failure < FAILED_WRITE))):
            m.d.sync += self.failure.eq(0)
        with m.Elif(self.failure == 0):
            for failed, code in ((reads, FAILED_READ), (writes, FAILED_WRITE)):
                for port in reversed(range(len(failed))):
                    with m.If(failed[port]):
                        m.d.sync += self.failure.eq(code + port)
        return m
