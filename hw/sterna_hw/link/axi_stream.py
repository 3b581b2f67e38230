"""The byte link as a pair of AXI4-Streams."""

from __future__ import annotations

from typing import Any, ClassVar

from amaranth.hdl import Module
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component
from sterna_hw.link.frame_ends import FrameEnds
from sterna_hw.link.frames import LAST_BYTE
from sterna_hw.stream import StreamBuffer, connect_streams


class AxiStreamLink(Component):
    """AXI4-Streams of bytes around the link; TLAST ends every answer, as a DMA engine wants it.

    All outputs leave registers, whatever the other side does (AMBA AXI4-Stream, 2.2.1: what is
    valid stays as it is until it is taken, and TVALID does not wait for TREADY).

    Latency 1 clock to the link, 2 from it; one byte a clock.

    Members:
        s_axis_tdata: In(8), s_axis_tvalid: In(1), s_axis_tready: Out(1), bytes to the link.
        m_axis_tdata: Out(8), m_axis_tlast: Out(1), m_axis_tvalid: Out(1), m_axis_tready: In(1),
            bytes from the link; the last of each frame is marked.
        to_link: Out, from_link: In, streams of unsigned(8).
    """

    BUS: ClassVar[dict[str, Any]] = {
        "s_axis_tdata": In(8), "s_axis_tvalid": In(1), "s_axis_tready": Out(1),
        "m_axis_tdata": Out(8), "m_axis_tlast": Out(1), "m_axis_tvalid": Out(1),
        "m_axis_tready": In(1),
    }
    """The members that are the bus."""

    def __init__(self) -> None:
        super().__init__({**self.BUS, "to_link": Out(stream.Signature(8)),
                          "from_link": In(stream.Signature(8))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.taken = taken = StreamBuffer(8)
        m.submodules.ends = ends = FrameEnds()
        m.submodules.given = given = StreamBuffer(LAST_BYTE)
        m.d.comb += [
            taken.i.payload.eq(self.s_axis_tdata),
            taken.i.valid.eq(self.s_axis_tvalid),
            self.s_axis_tready.eq(taken.i.ready),
            self.m_axis_tdata.eq(given.o.payload.byte),
            self.m_axis_tlast.eq(given.o.payload.last),
            self.m_axis_tvalid.eq(given.o.valid),
            given.o.ready.eq(self.m_axis_tready),
        ]
        connect_streams(m, taken.o, self.to_link)
        connect_streams(m, self.from_link, ends.i)
        connect_streams(m, ends.o, given.i)
        return m
