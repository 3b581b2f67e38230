"""Walks the hits of events: a weight word and the group of accumulators that it goes to a clock."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import stream
from amaranth.lib.data import ArrayLayout, StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.units.neurons import history_bits
from sterna.machine.units.synapses import GROUP_BITS
from sterna.machine.units.vector import LENGTH_BITS

from sterna_hw.component import Component
from sterna_hw.spiking.code_scanner import address_range
from sterna_hw.spiking.source_place import target_set


def word_ask(machine: Machine) -> StructLayout:
    """A weight word that is wanted, for which codes, and where its products go."""
    return StructLayout({
        "history": unsigned(history_bits(machine)),
        "address": address_range(machine.synapses.weight_depth),
        "group": address_range(machine.synapses.accumulator_depth)})


class TargetWalk(Component):
    """Hits of the first axis are the innermost, so that one that follows is in another group.

    Throughput: one ask a clock. Latency from a set to its first ask: 3 clocks.

    Members:
        sets: In, stream of `target_set`; every count is at least 1.
        weight_steps, target_steps, phase: In, as in `SourcePlace`. groups: In, words of a hit.
            Steady while anything is held.
        asks: Out, stream of `word_ask`.
        idle: Out(1), nothing is held.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        fields = dict(machine.synapses.window_fields)
        super().__init__({
            "sets": In(stream.Signature(target_set(machine))),
            "weight_steps": In(ArrayLayout(fields["weights"], 3)),
            "target_steps": In(ArrayLayout(fields["targets"], 3)),
            "phase": In(LENGTH_BITS),
            "groups": In(GROUP_BITS),
            "asks": Out(stream.Signature(word_ask(machine))),
            "idle": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        lane_bits = self._machine.synapses.lanes.bit_length() - 1
        taken, ask = self.sets.payload, self.asks.payload
        active = Signal()
        held = Signal()
        counts = [Signal(LENGTH_BITS, name=f"count_{axis}", reset_less=True) for axis in range(3)]
        lefts = [Signal(LENGTH_BITS, name=f"left_{axis}", reset_less=True) for axis in range(3)]
        weights = [Signal.like(taken.weights, name=f"weights_{axis}", reset_less=True)
                   for axis in range(3)]
        targets = [Signal.like(taken.targets, name=f"targets_{axis}", reset_less=True)
                   for axis in range(3)]
        history = Signal.like(taken.history, name="history", reset_less=True)
        # A hit whose words are not asked for yet.
        word = Signal.like(taken.weights, name="word", reset_less=True)
        group = Signal.like(ask.group, name="group", reset_less=True)
        shifted = Signal(LENGTH_BITS + lane_bits, reset_less=True)
        kept = Signal.like(taken.history, name="kept", reset_less=True)
        more = Signal(GROUP_BITS, reset_less=True)
        moves = Signal()
        loads = Signal()
        ends = Signal()
        m.d.comb += [
            loads.eq(~self.asks.valid | (self.asks.ready & (more == 0))),
            moves.eq(~held | loads),
            ends.eq(~lefts[0].any() & ~lefts[1].any() & ~lefts[2].any()),
            self.sets.ready.eq(~active | (moves & ends)),
            self.idle.eq(~active & ~held & ~self.asks.valid),
        ]
        with m.If(moves):
            m.d.sync += [
                held.eq(active), word.eq(weights[0]), group.eq(targets[0] >> lane_bits),
                shifted.eq(sum(  # no multiplier for a few bits
                    (self.phase & targets[0][bit].replicate(LENGTH_BITS)) << bit
                    for bit in range(lane_bits))), kept.eq(history),
            ]
        with m.If(loads):
            m.d.sync += [
                self.asks.valid.eq(held), ask.history.eq(kept), ask.group.eq(group),
                ask.address.eq(word + (shifted >> lane_bits)), more.eq(self.groups - 1),
            ]
        with m.Elif(self.asks.ready):
            m.d.sync += [
                ask.group.eq(ask.group + 1), ask.address.eq(ask.address + 1), more.eq(more - 1)]
        self._step(m, moves, counts, lefts, weights, targets)
        with m.If(self.sets.ready):
            m.d.sync += [active.eq(self.sets.valid), history.eq(taken.history)]
            for axis in range(3):
                m.d.sync += [
                    counts[axis].eq(taken.counts[axis] - 1), lefts[axis].eq(taken.counts[axis] - 1),
                    weights[axis].eq(taken.weights), targets[axis].eq(taken.targets),
                ]
        return m

    def _step(self, m: Module, moves: Signal, counts: list[Signal], lefts: list[Signal],
              weights: list[Signal], targets: list[Signal]) -> None:
        """The next hit: of the first axis that has one left; those before it begin again."""
        choice = m.If(moves & lefts[0].any())
        for axis in range(3):
            with choice:
                m.d.sync += lefts[axis].eq(lefts[axis] - 1)
                for values, steps in ((weights, self.weight_steps), (targets, self.target_steps)):
                    m.d.sync += [values[inner].eq(values[axis] + steps[axis])
                                 for inner in range(axis + 1)]
                m.d.sync += [lefts[inner].eq(counts[inner]) for inner in range(axis)]
            if axis < 2:
                choice = m.Elif(moves & lefts[axis + 1].any())
