"""Accumulators of a population, in groups as the LIF engines take them."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import stream
from amaranth.lib.data import ArrayLayout, StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.units.neurons import group_lanes

from sterna_hw.component import Component
from sterna_hw.spiking.code_scanner import address_range
from sterna_hw.spiking.synapses import accumulator_group


class SumGroups(Component):
    """Takes the accumulators group by group, and hands on ``neuron_lanes`` sums at a time.

    Throughput: a group of sums a clock, for the next accumulators are fetched ahead. Latency 2
    clocks from ``start``.

    Members:
        start: In(1), begin with accumulator group 0; only when all was taken. count: In, groups of
            sums wanted, at least 1.
        take: Out, sums: In; as in `SynapseArray`: a group is asked for, and its sums stay until the
            next is.
        o: Out, stream of ``neuron_lanes`` sums.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        values = ArrayLayout(signed(machine.synapses.accumulator_bits), machine.neurons.lanes)
        super().__init__({
            "start": In(1),
            "count": In(machine.neurons.group_bits),
            "take": Out(StructLayout({
                "valid": 1, "group": address_range(machine.synapses.accumulator_depth)})),
            "sums": In(accumulator_group(machine)),
            "o": Out(stream.Signature(values)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine
        parts, width = group_lanes(machine), self.o.payload.shape().size
        word = Signal(parts * width, reset_less=True)
        part = Signal(range(max(2, parts)))
        # Groups of sums that are not asked for yet, and those that have not left.
        unasked = Signal(machine.neurons.group_bits)
        left = Signal(machine.neurons.group_bits)
        fetched = Signal()
        load = Signal()
        leaves = Signal()
        ask = Signal()
        holding = Signal()
        group = Signal.like(self.take.group, name="group")
        last_part = (part == parts - 1) | (left == 1)
        m.d.comb += [
            self.o.payload.as_value().eq(word[:width]),
            self.o.valid.eq(holding),
            leaves.eq(holding & self.o.ready),
            load.eq(fetched & (~holding | (leaves & last_part))),
            ask.eq((unasked != 0) & (~fetched | load)),
            self.take.valid.eq(ask),
            self.take.group.eq(group),
        ]
        with m.If(load | ask):
            m.d.sync += fetched.eq(ask)
        with m.If(ask):
            m.d.sync += group.eq(group + 1)
            with m.If(unasked > parts):
                m.d.sync += unasked.eq(unasked - parts)
            with m.Else():
                m.d.sync += unasked.eq(0)
        with m.If(leaves):
            m.d.sync += [left.eq(left - 1), part.eq(part + 1), word.eq(word >> width)]
            with m.If(last_part):
                m.d.sync += [holding.eq(0), part.eq(0)]
        with m.If(load):
            m.d.sync += [holding.eq(1), word.eq(self.sums.as_value())]
        with m.If(self.start):
            m.d.sync += [
                unasked.eq(self.count), left.eq(self.count), group.eq(0), part.eq(0)]
        return m
