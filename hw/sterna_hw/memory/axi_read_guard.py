"""Keeps an AXI4 read port to the rules through resets, and its readers safe from broken ones."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, ResetSignal, Signal
from amaranth.lib.wiring import In, Out
from sterna.machine.memory import AXI_ADDRESS_BITS

from sterna_hw.component import Component


class AxiReadGuard(Component):
    """Stands between a port of the memory and the readers that share it. No latency.

    A reset that the memory does not see leaves bursts under way. What was on offer then stays
    until it is accepted, the beats still owed are taken and dropped, and only then do the readers
    have the port. If the memory was reset too, nothing more will come: ``forget`` says so.

    RLAST in a wrong beat is illegal (AMBA AXI4, A3.4.1), and is an error of that beat. The beats
    that are missing behind an early one are made up, so that readers always get whole bursts and
    a run comes to the end at which the host is told.

    Members:
        read_arvalid, read_araddr, read_arready, read_rvalid, read_error: towards the readers,
            which must be ready for all beats that they have asked for; ``read_error`` marks a beat
            with an error answer or a wrong RLAST.
        arvalid, araddr, arready, rvalid, rresp, rlast, rready: towards the memory; ``rdata`` goes
            past this unit.
        forget: In(1), nothing that was asked for before a reset will come any more.

    Args:
        burst_beats: beats of every burst, a power of two. bursts: most that are outstanding.
    """

    def __init__(self, burst_beats: int, bursts: int) -> None:
        self._burst_beats = burst_beats
        self._bursts = bursts
        super().__init__({
            "read_arvalid": In(1), "read_araddr": In(AXI_ADDRESS_BITS), "read_arready": Out(1),
            "read_rvalid": Out(1), "read_error": Out(1),
            "arvalid": Out(1), "araddr": Out(AXI_ADDRESS_BITS), "arready": In(1),
            "rvalid": In(1), "rresp": In(2), "rlast": In(1), "rready": Out(1),
            "forget": In(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        reset = ResetSignal(allow_reset_less=True)
        # What a reset leaves: a request on offer, bursts under way and the next beat of the first.
        draining = Signal(reset_less=True)
        held = Signal(reset_less=True)
        address = Signal(AXI_ADDRESS_BITS, reset_less=True)
        bursts = Signal(range(self._bursts + 1), reset_less=True)
        beat = Signal(range(max(2, self._burst_beats)), reset_less=True)
        padding = Signal()
        last = Signal()
        owed = Signal()
        taken = Signal()
        ends = Signal()
        m.d.comb += [
            self.arvalid.eq(Mux(draining, held, self.read_arvalid)),
            self.araddr.eq(Mux(draining, address, self.read_araddr)),
            self.read_arready.eq(self.arready & ~draining),
            self.rready.eq(~padding),
            last.eq(beat == self._burst_beats - 1),
            owed.eq(bursts != 0),
            taken.eq(self.rvalid & ~padding & owed),
            ends.eq(taken & (self.rlast | last)),
            self.read_rvalid.eq((taken | padding) & ~draining),
            self.read_error.eq(padding | self.rresp[1] | (self.rlast != last)),
        ]
        m.d.sync += bursts.eq(bursts + (self.arvalid & self.arready) - ends)
        with m.If(taken | padding):
            m.d.sync += beat.eq(Mux(last, 0, beat + 1))
        with m.If(taken & self.rlast & ~last & ~draining):
            m.d.sync += padding.eq(1)
        with m.Elif(last):
            m.d.sync += padding.eq(0)
        with m.If(ends & draining):
            m.d.sync += beat.eq(0)
        with m.If(self.arready):
            m.d.sync += held.eq(0)
        with m.If(draining & ~held & (~owed | self.forget)):
            m.d.sync += [draining.eq(0), bursts.eq(0), beat.eq(0)]
        with m.If(reset):
            m.d.sync += [
                draining.eq(1), held.eq(self.arvalid & ~self.arready), address.eq(self.araddr)]
            with m.If(padding | ends):
                m.d.sync += beat.eq(0)
        return m
