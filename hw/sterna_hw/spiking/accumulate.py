"""Spike-driven accumulate: the codes of a source times their weights, without a multiplier."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module
from amaranth.lib import stream
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine

from sterna_hw.component import Component
from sterna_hw.layouts import accumulate_command
from sterna_hw.spiking.code_memory import history_word
from sterna_hw.spiking.code_scanner import CodeScanner, address_range
from sterna_hw.spiking.synapses import SynapseArray, accumulator_group
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
        take: In, sums: Out; as in `SynapseArray`.
        busy: Out(1), a weight word is asked for. event: Out(1), an event begins.
        looked_at: Out, sources looked at in this clock.
        idle: Out(1), everything is in the accumulators.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        super().__init__({
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
        connect_streams(m, self.commands, scanner.commands)
        connect_streams(m, scanner.events, synapses.events)
        m.d.comb += [
            self.code_address.eq(scanner.address),
            self.code_enable.eq(scanner.enable),
            scanner.data.eq(self.code_data),
            synapses.groups.eq(scanner.groups),
            self.weight_address.eq(synapses.address),
            self.weight_enable.eq(synapses.enable),
            synapses.data.eq(self.weight_data),
            synapses.take.eq(self.take),
            self.sums.eq(synapses.sums),
            self.busy.eq(synapses.busy),
            self.event.eq(scanner.events.valid & scanner.events.ready),
            self.looked_at.eq(scanner.looked_at),
            self.idle.eq(scanner.idle & synapses.idle),
        ]
        return m
