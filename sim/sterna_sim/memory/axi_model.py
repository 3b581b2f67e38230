"""Memory behind one AXI4 port, clock by clock, for tests in Amaranth's simulator."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Collection
from typing import Any

INCREMENT = 1
BOUNDARY = 4096
SLAVE_ERROR = 2


class AxiMemory:
    """Answers the channels of one port; add it to a simulation as a background testbench.

    It checks the master against the AXI4 specification: requests that change or are withdrawn
    before they are taken, bursts of another kind than INCR, bursts across 4 kB, wrong beat sizes
    and reads outside the memory are AssertionErrors. ``requests`` counts the bursts, ``most`` is
    the largest number that was outstanding, ``data`` the memory.

    Args:
        port: object with the signals ``araddr``, … of `sterna_hw.memory.axi_source.axi_members`.
        data: contents, little endian; written ones are changed in place.
        latency: clocks from a request to its first beat.
        write_latency: clocks from a write that is taken to its being in memory, and answered.
        stall: probability that a channel pauses in a clock.
        refresh: (clocks between the begins of pauses, clocks of a pause); nothing returns then.
        seed: of the stalls.
        failing: numbers of the beats that are answered with an error, of reads and of writes.
    """

    def __init__(self, port: Any, data: bytearray, *, latency: int = 5,
                 write_latency: int = 0, stall: float = 0.0,
                 refresh: tuple[int, int] | None = None, seed: int = 0,
                 failing: tuple[Collection[int], Collection[int]] = ((), ())) -> None:
        self.requests = self.most = 0
        self._port, self.data = port, data
        self._latency, self._write_latency = latency, write_latency
        self._stall, self._refresh = stall, refresh
        self._random = random.Random(seed)
        self._failing = failing
        self._bytes = len(port.rdata) // 8

    async def __call__(self, ctx: Any) -> None:
        port, bursts, clock = self._port, deque(), 0
        offered: tuple[int, int] | None = None
        address: int | None = None
        data: tuple[int, int] | None = None
        writes: deque[tuple[int, int, int, int]] = deque()
        answers = 0
        show: int | None = None
        counts = [0, 0]
        while True:
            paused = self._refresh is not None and clock % self._refresh[0] < self._refresh[1]
            if show is None and bursts and bursts[0][2] <= clock and not paused and self._go():
                show = bursts[0][0]
            ctx.set(port.rvalid, show is not None)
            if show is not None:
                beat = self.data[show:show + self._bytes]
                ctx.set(port.rdata, int.from_bytes(beat, "little"))
                ctx.set(port.rlast, bursts[0][1] == 1)
                ctx.set(port.rresp, SLAVE_ERROR if counts[0] in self._failing[0] else 0)
            arready, answer = self._go(), answers > 0 and self._go()
            awready, wready = address is None and self._go(), data is None and self._go()
            ctx.set(port.arready, arready)
            ctx.set(port.awready, awready)
            ctx.set(port.wready, wready)
            ctx.set(port.bvalid, answer)
            ctx.set(port.bresp, SLAVE_ERROR if counts[1] in self._failing[1] else 0)
            sample = await ctx.tick().sample(
                port.arvalid, port.araddr, port.arlen, port.arsize, port.arburst, port.rready,
                port.awvalid, port.awaddr, port.wvalid, port.wdata, port.wstrb)
            (arvalid, araddr, arlen, size, kind, rready,
             awvalid, awaddr, wvalid, wdata, wstrb) = sample[2:]
            if offered is not None:
                assert arvalid and (araddr, arlen) == offered, "a request changed while it waited"
            offered = (araddr, arlen) if arvalid and not arready else None
            if arvalid and arready:
                self._check(araddr, arlen, size, kind)
                bursts.append([araddr, arlen + 1, clock + self._latency])
                self.requests += 1
                self.most = max(self.most, len(bursts))
            if show is not None and rready:
                bursts[0][0] += self._bytes
                bursts[0][1] -= 1
                counts[0] += 1
                if bursts[0][1] == 0:
                    bursts.popleft()
                show = None
            if awvalid and awready:
                address = awaddr
            if wvalid and wready:
                data = wdata, wstrb
            answers -= answer
            counts[1] += answer
            if address is not None and data is not None:
                writes.append((clock + self._write_latency, address, *data))
                address = data = None
            while writes and writes[0][0] <= clock:
                self._write(*writes.popleft()[1:])
                answers += 1
            clock += 1

    def _go(self) -> bool:
        return self._random.random() >= self._stall

    def _check(self, address: int, length: int, size: int, kind: int) -> None:
        end = address + (length + 1) * self._bytes
        assert kind == INCREMENT, "not an INCR burst"
        assert 1 << size == self._bytes, "beats narrower than the port"
        assert address // BOUNDARY == (end - 1) // BOUNDARY, "a burst crosses 4 kB"
        assert end <= len(self.data), "a read outside the memory"

    def _write(self, address: int, data: int, strobes: int) -> None:
        assert address % self._bytes == 0, "a write that is not aligned"
        for byte in range(self._bytes):
            if strobes >> byte & 1:
                self.data[address + byte] = data >> 8 * byte & 0xFF
