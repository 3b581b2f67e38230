"""Writes what the host loads into memories behind AXI4 ports, byte by byte."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.memory import AXI_ADDRESS_BITS
from sterna.machine.protocol import CHUNK_BITS

from sterna_hw.component import Component
from sterna_hw.layouts import WriteChunk

CHUNK_BYTES = CHUNK_BITS // 8


class AxiWriter(Component):
    """Puts 32-bit chunks of words at their dense addresses; the map is that of `AxiSource`.

    Words need not be a multiple of anything, so each byte is a write of one beat with one strobe:
    about 16 clocks and four times the memory's latency for a chunk, which a serial line does not
    notice. Large models are loaded by the host's own way to the memory. A chunk is taken when its
    last byte is acknowledged, so that all earlier chunks are in memory when the next is taken.

    A write that a reset meets is carried out, since the memory may not see the reset.

    Members:
        writes: In, stream of `WriteChunk`; those for other spaces are not meant for this unit.
        awaddr: Out. wdata, wstrb: Out, the same for all ports.
        awvalid, awready, wvalid, wready, bvalid: one bit for each port; ``bready`` is always high.
        under_way: Out(1), a write is not answered; busy: In(1), one of another writer of the ports
            or of this one is. answering: Out(1), an answer is that of the chunk on offer.
        forget: In(1), answers that were due before a reset will not come any more.

    Args:
        ports: AXI ports. data_bits: width of each. word_bytes: bytes of a word.
        space: which writes are meant. base: dense address of word 0.
    """

    def __init__(self, ports: int, data_bits: int, word_bytes: int, space: int,
                 base: int = 0) -> None:
        self._ports = ports
        self._beat_bytes = data_bits // 8
        self._word_bytes = word_bytes
        self._space = space
        self._base = base
        super().__init__({
            "writes": In(stream.Signature(WriteChunk)),
            "awaddr": Out(AXI_ADDRESS_BITS),
            "wdata": Out(data_bits),
            "wstrb": Out(self._beat_bytes),
            "awvalid": Out(ports),
            "wvalid": Out(ports),
            "awready": In(ports),
            "wready": In(ports),
            "bvalid": In(ports),
            "under_way": Out(1), "busy": In(1), "answering": Out(1), "forget": In(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        chunk = self.writes.payload
        beat_bits = (self._beat_bytes - 1).bit_length()
        size = Const(self._word_bytes)
        # Multiplies word by size, a bit of the size a clock.
        bit = Signal(range(len(size) + 1))
        factor = Signal(len(size))
        product = Signal(AXI_ADDRESS_BITS + (self._ports * self._beat_bytes).bit_length())
        offset = Signal(range(self._word_bytes + CHUNK_BYTES))
        byte = Signal(range(CHUNK_BYTES))
        beat = Signal(len(product) - beat_bits)
        port = Signal(range(max(2, self._ports)))
        last = Signal()
        row = Signal(AXI_ADDRESS_BITS, reset_less=True)
        strobe = Signal(self._beat_bytes, reset_less=True)
        data = Signal(8, reset_less=True)
        address_offered, data_offered, unanswered = (
            Signal(self._ports, name=name, reset_less=True)
            for name in ("address_offered", "data_offered", "unanswered"))
        m.d.sync += [
            address_offered.eq(address_offered & ~self.awready),
            data_offered.eq(data_offered & ~self.wready),
            unanswered.eq(unanswered & ~self.bvalid),
        ]
        with m.If(self.forget & ~self.answering):
            m.d.sync += unanswered.eq(0)
        m.d.comb += [
            beat.eq(product[beat_bits:]),
            last.eq((byte == CHUNK_BYTES - 1) | (offset == self._word_bytes - 1)),
            self.awaddr.eq(row),
            self.wstrb.eq(strobe),
            self.wdata.eq(data.replicate(self._beat_bytes)),
            self.awvalid.eq(address_offered),
            self.wvalid.eq(data_offered),
            self.under_way.eq(unanswered.any()),
        ]
        with m.FSM() as fsm:
            m.d.comb += self.answering.eq(fsm.ongoing("answer"))
            with m.State("idle"):
                with m.If(self.writes.valid & (chunk.space == self._space) & ~self.busy):
                    m.d.sync += [
                        factor.eq(size), bit.eq(0), product.eq(0), byte.eq(0),
                        offset.eq(chunk.chunk * CHUNK_BYTES),
                    ]
                    m.next = "multiply"
            with m.State("multiply"):
                m.d.sync += [
                    product.eq((product << 1)
                               + (chunk.word & factor[-1].replicate(len(chunk.word)))),
                    factor.eq(factor << 1),
                    bit.eq(bit + 1),
                ]
                with m.If(bit == len(size) - 1):
                    m.next = "offset"
            with m.State("offset"):
                m.d.sync += product.eq(product + offset + self._base)
                m.next = "place"
            with m.State("place"):
                self._place(m, product, beat, row, port, strobe)
                m.d.sync += data.eq(chunk.data.word_select(byte, 8))
                m.next = "write"
            with m.State("write"):
                m.d.sync += [
                    address_offered.eq(1 << port), data_offered.eq(1 << port),
                    unanswered.eq(1 << port),
                ]
                m.next = "answer"
            with m.State("answer"):
                with m.If(self.bvalid.bit_select(port, 1)):
                    m.d.sync += [
                        product.eq(product + 1),
                        offset.eq(offset + 1),
                        byte.eq(byte + 1),
                    ]
                    with m.If(last):
                        m.d.comb += self.writes.ready.eq(1)
                        m.next = "idle"
                    with m.Else():
                        m.next = "place"
        return m

    def _place(self, m: Module, product: Signal, beat: Signal, row: Signal, port: Signal,
               strobe: Signal) -> None:
        """Port and address of a byte: beats go round the ports."""
        beat_bits = (self._beat_bytes - 1).bit_length()
        port_bits = (self._ports - 1).bit_length()
        m.d.sync += [
            port.eq(beat[:port_bits] if port_bits else 0),
            row.eq(beat[port_bits:] << beat_bits),
            strobe.eq(1 << product[:beat_bits]),
        ]
