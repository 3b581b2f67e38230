"""Spike-driven accumulate: the codes of a source times their weights, without a multiplier."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import stream
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine

from sterna_hw.component import Component
from sterna_hw.layouts import accumulate_command
from sterna_hw.spiking.code_memory import history_word
from sterna_hw.spiking.code_scanner import CodeScanner, address_range
from sterna_hw.spiking.source_place import SourcePlace, window_word
from sterna_hw.spiking.synapses import SynapseArray, accumulator_group
from sterna_hw.spiking.target_walk import TargetWalk
from sterna_hw.stream import connect_streams


class AccumulateUnit(Component):
    """Executes ACCUMULATE commands: scanner of codes, and behind it the array of synapses.

    A command of ``e`` events takes about ``e * max(groups, ROUND_TRIP)`` clocks and `CodeScanner`
    and `SynapseArray` latency; looking at sources goes on meanwhile, ``neuron_lanes`` a clock.
    Skipping silent sources changes the number of events and never a sum.

    Members:
        commands: In, stream of `accumulate_command`.
        code_address, code_enable: Out, code_data: In; to the read port of `CodeMemory`.
        weight_address, weight_enable: Out, weight_data: In; to the weight memory (latency 1).
        window_address: Out, window_data: In; to the memory of windows (latency 1). Only with
            windows.
        take: In, sums: Out; as in `SynapseArray`.
        busy: Out(1), a weight word is asked for. event: Out(1), an event begins.
        looked_at: Out, sources looked at in this clock.
        idle: Out(1), everything is in the accumulators.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        windows = {"window_address": Out(address_range(machine.synapses.window_depth)),
                   "window_data": In(window_word(machine))} if machine.synapses.window_depth else {}
        super().__init__({
            **windows,
            "commands": In(stream.Signature(accumulate_command(machine))),
            "code_address": Out(address_range(machine.neurons.code_depth)),
            "code_enable": Out(1),
            "code_data": In(history_word(machine)),
            "weight_address": Out(address_range(machine.synapses.weight_depth)),
            "weight_enable": Out(1),
            "weight_data": In(machine.synapses.weight_word_bits),
            "take": In(StructLayout({
                "valid": 1, "group": address_range(machine.synapses.accumulator_depth)})),
            "sums": Out(accumulator_group(machine)),
            "busy": Out(1),
            "event": Out(1),
            "looked_at": Out(range(machine.neurons.lanes + 1)),
            "idle": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.scanner = scanner = CodeScanner(self._machine)
        m.submodules.synapses = synapses = SynapseArray(self._machine)
        held: list[Value] = []
        if self._machine.synapses.window_depth:
            held = self._windows(m, scanner, synapses)
        else:
            connect_streams(m, self.commands, scanner.commands)
            connect_streams(m, scanner.events, synapses.events)
        m.d.comb += [
            self.code_address.eq(scanner.address),
            self.code_enable.eq(scanner.enable),
            scanner.data.eq(self.code_data),
            *([] if held else [synapses.groups.eq(scanner.groups)]),
            self.weight_address.eq(synapses.address),
            self.weight_enable.eq(synapses.enable),
            synapses.data.eq(self.weight_data),
            synapses.take.eq(self.take),
            self.sums.eq(synapses.sums),
            self.busy.eq(synapses.busy),
            self.event.eq(scanner.events.valid & scanner.events.ready),
            self.looked_at.eq(scanner.looked_at),
            self.idle.eq(scanner.idle & synapses.idle & Cat(held).all() if held
                         else scanner.idle & synapses.idle),
        ]
        return m

    def _windows(self, m: Module, scanner: CodeScanner, synapses: SynapseArray) -> list[Value]:
        """Events of windows look for their place, others go to a column; what must be idle."""
        m.submodules.place = place = SourcePlace(self._machine)
        m.submodules.walk = walk = TargetWalk(self._machine)
        offered, groups = self.commands.payload, Signal.like(walk.groups, name="groups")
        windowed = Signal()
        taken = Signal()
        events, target = scanner.events, walk.sets.payload
        m.d.comb += [
            taken.eq(self.commands.valid & self.commands.ready),
            self.commands.ready.eq(self.idle),
            scanner.commands.valid.eq(taken),
            scanner.commands.payload.eq(offered),
            place.command.eq(offered),
            place.start.eq(taken & (offered.window != 0)),
            place.events.payload.eq(events.payload),
            place.events.valid.eq(events.valid & windowed),
            place.data.eq(self.window_data),
            self.window_address.eq(place.address),
            walk.weight_steps.eq(place.weight_steps),
            walk.target_steps.eq(place.target_steps),
            walk.phase.eq(place.phase),
            walk.groups.eq(groups),
        ]
        with m.If(offered.window != 0):  # its events have the numbers of sources
            m.d.comb += [scanner.commands.payload.weights.eq(0),
                         scanner.commands.payload.groups.eq(1)]
        with m.If(taken):
            m.d.sync += [groups.eq(offered.groups), windowed.eq(offered.window != 0)]
        with m.If(windowed):
            m.d.comb += [
                walk.sets.payload.eq(place.o.payload), walk.sets.valid.eq(place.o.valid),
                place.o.ready.eq(walk.sets.ready), events.ready.eq(place.events.ready),
            ]
        with m.Else():
            m.d.comb += [
                target.history.eq(events.payload.history), target.weights.eq(events.payload.column),
                *(count.eq(1) for count in target.counts), walk.sets.valid.eq(events.valid),
                events.ready.eq(walk.sets.ready),
            ]
        connect_streams(m, walk.asks, synapses.asks)
        return [place.idle, walk.idle]
