"""A vector of codes becomes events: those that are not silent, one after the other."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, unsigned
from amaranth.lib import stream
from amaranth.lib.data import ArrayLayout, StructLayout
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component


class EventCompressor(Component):
    """Takes words of ``lanes`` items of which some are wanted, and hands those on in their order.

    Throughput: one event a clock; a word without any takes one clock. Latency 1 clock.

    Members:
        i: In, stream of ``items``, ``wanted`` (a bit a lane) and ``tag``.
        o: Out, stream of ``item``, ``lane`` (its number in the word) and the word's ``tag``.
        idle: Out(1), nothing is held.

    Args:
        bits: width of an item.
        lanes: items of a word.
        tag_bits: width of what comes along with a word.
    """

    def __init__(self, bits: int, lanes: int, tag_bits: int) -> None:
        self._lanes = lanes
        super().__init__({
            "i": In(stream.Signature(StructLayout({
                "items": ArrayLayout(unsigned(bits), lanes), "wanted": unsigned(lanes),
                "tag": unsigned(tag_bits)}))),
            "o": Out(stream.Signature(StructLayout({
                "item": unsigned(bits), "lane": range(max(2, lanes)), "tag": unsigned(tag_bits)}))),
            "idle": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        word = Signal.like(self.i.payload, name="word", reset_less=True)
        waiting = Signal(self._lanes)
        rest = Signal(self._lanes)
        lane: Value = Const(self._lanes - 1, len(self.o.payload.lane))
        item: Value = word["items"][self._lanes - 1]
        for index in reversed(range(self._lanes - 1)):
            lane = Mux(waiting[index], index, lane)
            item = Mux(waiting[index], word["items"][index], item)
        # Without the lowest bit that is set.
        m.d.comb += [
            rest.eq(waiting & Cat(
                waiting[:index].any() for index in range(self._lanes))),
            self.o.valid.eq(waiting.any()),
            self.o.payload.item.eq(item),
            self.o.payload.lane.eq(lane),
            self.o.payload.tag.eq(word.tag),
            self.i.ready.eq(~rest.any() & (~self.o.valid | self.o.ready)),
            self.idle.eq(~self.o.valid),
        ]
        with m.If(self.o.ready):
            m.d.sync += waiting.eq(rest)
        with m.If(self.i.ready):
            m.d.sync += [
                waiting.eq(self.i.payload.wanted & self.i.valid.replicate(self._lanes)),
                word.eq(self.i.payload),
            ]
        return m
