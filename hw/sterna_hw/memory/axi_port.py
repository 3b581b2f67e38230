"""One AXI4 read port: a region of memory as a stream of beats."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.memory import AXI_ADDRESS_BITS

from sterna_hw.component import Component
from sterna_hw.memory.block_queue import BlockQueue

BOUNDARY = 4096
"""No burst may cross a multiple of this address (AMBA AXI4, A3.4.1)."""


class AxiReadPort(Component):
    """Reads ``bursts`` bursts from ``base`` upwards, fetching ahead as far as its queue has room.

    Bursts are INCR, of equal length and aligned to it, so that none crosses 4 kB. A burst is
    requested only when the queue has room for all its beats, so that the memory controller never
    waits. As many bursts are outstanding as the queue holds. All carry the
    same identifier (there is none), so their beats return in order.

    Throughput one beat a clock; latency 4 clocks beside the memory's.

    Members:
        restart: In(1), begin again at ``base``, or at burst ``first``. Beats that are still on
            their way are taken and dropped; a request on offer stays until it is accepted. Nothing
            happens before the first restart.
        first, bursts: In, number of the first burst and how many there are, looked at while
            ``restart``; only if they are ``chosen``.
        arvalid, araddr, arready, rvalid, rdata: of the channels AR and R of AXI4; beats are taken
            whenever they come. rerror: In(1), the beat came with an error.
        failed: Out(1), a beat that is wanted comes with an error, the same clock.
        beats: Out, stream of unsigned(data_bits); it ends after the last burst.

    Args:
        data_bits: width of the port.
        burst_beats: beats of a burst, a power of two; a burst has at most 4 kB.
        queue_beats: beats held, at least two bursts.
        bursts: bursts in all.
        base: address of the first, a multiple of their size.
        chosen: the first burst, and how many up to ``bursts``, differ from restart to restart.

    Raises:
        ValueError: a burst is longer than 4 kB or the queue too short.
    """

    def __init__(self, data_bits: int, burst_beats: int, queue_beats: int, bursts: int,
                 base: int = 0, chosen: bool = False) -> None:
        self._burst_bytes = burst_beats * data_bits // 8
        if self._burst_bytes > BOUNDARY or BOUNDARY % self._burst_bytes:
            raise ValueError(f"a burst of {self._burst_bytes} bytes may cross {BOUNDARY} bytes")
        if queue_beats < 2 * burst_beats:
            raise ValueError(f"a queue of {queue_beats} beats is shorter than two bursts")
        self._data_bits = data_bits
        self._burst_beats = burst_beats
        self._queue_beats = queue_beats
        self._bursts = bursts
        self._base = base
        self._chosen = chosen
        which: dict[str, Any] = {
            "first": In(AXI_ADDRESS_BITS - (self._burst_bytes - 1).bit_length()),
            "bursts": In(range(bursts + 1))} if chosen else {}
        super().__init__({
            **which,
            "restart": In(1),
            "arvalid": Out(1),
            "araddr": Out(AXI_ADDRESS_BITS),
            "arready": In(1),
            "rvalid": In(1),
            "rdata": In(data_bits),
            "rerror": In(1),
            "failed": Out(1),
            "beats": Out(stream.Signature(data_bits)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        burst, depth = self._burst_beats, self._queue_beats
        m.submodules.queue = queue = BlockQueue(self._data_bits, depth)
        m.d.comb += [
            queue.clear.eq(self.restart),
            queue.data.eq(self.rdata),
            self.beats.payload.eq(queue.o.payload),
            self.beats.valid.eq(queue.o.valid),
            queue.o.ready.eq(self.beats.ready),
        ]

        # Room not yet promised to a burst, beats requested and not yet here, those not wanted.
        room = Signal(range(depth + 1))
        outstanding = Signal(range(depth + 1))
        unwanted = Signal(range(depth + 1))
        left = Signal(range(self._bursts + 1))
        address = Signal(AXI_ADDRESS_BITS)
        request = Signal()
        leaving = Signal()
        m.d.comb += [
            request.eq((~self.arvalid | self.arready) & (left != 0) & (room >= burst)
                       & (outstanding <= depth - burst) & ~self.restart),
            leaving.eq(queue.o.valid & queue.o.ready),
            queue.push.eq(self.rvalid & (unwanted == 0)),
            self.failed.eq(queue.push & self.rerror & ~self.restart),
        ]
        with m.If(request):
            m.d.sync += [
                self.arvalid.eq(1),
                self.araddr.eq(address),
                address.eq(address + self._burst_bytes),
                left.eq(left - 1),
            ]
        with m.Elif(self.arready):
            m.d.sync += self.arvalid.eq(0)
        promised = Signal(range(burst + 1))
        with m.If(request):
            m.d.comb += promised.eq(burst)
        m.d.sync += [
            room.eq(room + leaving - promised),
            outstanding.eq(outstanding + promised - self.rvalid),
        ]
        with m.If(self.rvalid & (unwanted != 0)):
            m.d.sync += unwanted.eq(unwanted - 1)
        with m.If(self.restart):
            m.d.sync += [
                room.eq(depth),
                unwanted.eq(outstanding - self.rvalid),
                left.eq(self.bursts if self._chosen else self._bursts),
                address.eq(self.first * self._burst_bytes if self._chosen else self._base),
            ]
        return m
