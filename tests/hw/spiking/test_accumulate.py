# amaranth: UnusedElaboratable=no
"""Spike-driven accumulate against a product in NumPy: every sum, with and without skipping."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module
from sterna.law.neuron import NeuronDefinition
from sterna.machine.machine import Machine
from sterna.machine.presets import step_machine
from sterna.machine.protocol import Space, space_number
from sterna.machine.units.neurons import NeuronKind
from sterna_hw.component import Component
from sterna_hw.layouts import accumulate_command
from sterna_hw.memory import LoadableMemory
from sterna_hw.spiking.accumulate import AccumulateUnit
from sterna_hw.spiking.code_memory import CodeMemory
from sterna_hw.spiking.synapses import ROUND_TRIP, weight_word
from sterna_sim.streams import pack, put, simulate, unpack

Integers = np.ndarray


def machine_of(**values: int) -> Machine:
    bits = values.setdefault("accumulator_bits", 24)
    return step_machine(
        neuron_kinds=(NeuronKind(definition=NeuronDefinition(sum_bits=bits)),), **values)


class Bench(Component):
    """The unit with its memories; ``weights`` [sources, groups] are packed words."""

    def __init__(self, machine: Machine, weights: list[int]) -> None:
        self.machine = machine
        self.unit, self.codes = AccumulateUnit(machine), CodeMemory(machine)
        self._memory = LoadableMemory(
            machine.synapses.weight_word_bits, machine.synapses.weight_depth,
            space_number(machine, Space.SYNAPSES), weights)
        super().__init__({})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        unit, codes, memory = self.unit, self.codes, self._memory
        m.submodules += [unit, codes, memory]
        m.d.comb += [
            codes.address.eq(unit.code_address), codes.enable.eq(unit.code_enable),
            unit.code_data.eq(codes.data), memory.address.eq(unit.weight_address),
            memory.enable.eq(unit.weight_enable), unit.weight_data.eq(memory.data),
        ]
        return m


class Run:
    """Steps of random codes through one connection; ``sums`` [steps, targets] and counters."""

    def __init__(self, machine: Machine, weights: Integers, taps: Integers,
                 codes: Integers, skip: bool) -> None:
        lanes, width = machine.synapses.lanes, machine.neurons.lanes
        targets, sources = weights.shape
        groups = -(-targets // lanes)
        padded = np.pad(weights, ((0, -targets % lanes), (0, 0))).T.reshape(-1, lanes)
        padded_taps = np.pad(taps, ((0, -targets % lanes), (0, 0))).T.reshape(-1, lanes)
        layout = weight_word(machine)
        words = [
            pack(layout, {"weights": row, "taps": late} if machine.synapses.tap_bits
                 else {"weights": row})
            for row, late in zip(padded, padded_taps, strict=True)
        ]
        bench = Bench(machine, words)
        unit, memory = bench.unit, bench.codes
        command = dict(codes=0, sources=sources, weights=0, groups=groups, skip=int(skip))
        self.sums: list[list[int]] = []
        self.events = self.looked_at = self.clocks = 0

        async def drive(ctx: Any) -> None:
            for step in codes:
                full = np.pad(step, (0, -sources % width)).reshape(-1, width)
                for address, row in enumerate(full):
                    ctx.set(memory.shift.as_value(), pack(memory.shift.shape(), {
                        "valid": 1, "clear": 0, "address": address, "codes": row}))
                    await ctx.tick()
                ctx.set(memory.shift.as_value(), 0)
                await ctx.tick().repeat(2)
                await put(ctx, unit.commands, command)
                assert not ctx.get(unit.idle)
                while not ctx.get(unit.idle):
                    self.clocks += 1
                    self.events += ctx.get(unit.event)
                    self.looked_at += ctx.get(unit.looked_at)
                    await ctx.tick()
                values: list[int] = []
                for group in range(groups):
                    ctx.set(unit.take.as_value(), 1 | group << 1)
                    await ctx.tick()
                    ctx.set(unit.take.as_value(), 0)
                    values += unpack(unit.sums.shape(), ctx.get(unit.sums.as_value()))
                await ctx.tick().repeat(ROUND_TRIP)
                self.sums.append(values[:targets])

        simulate(bench, drive)


def expected_sums(weights: Integers, taps: Integers, codes: Integers) -> Integers:
    """What each target gets in each step: its weights times the codes of its taps."""
    steps, sources = codes.shape
    late = np.concatenate([np.zeros((int(taps.max(initial=0)), sources), np.int64), codes])
    reach = late.shape[0] - steps
    return np.array([
        [(weights[target] * late[step + reach - taps[target], np.arange(sources)]).sum()
         for target in range(weights.shape[0])]
        for step in range(steps)
    ])


SHAPES = [
    # sources, targets, lanes, neuron lanes, code bits, weight bits, taps
    (11, 9, 4, 2, 2, 2, 1), (6, 3, 4, 4, 8, 8, 1), (17, 30, 4, 1, 3, 5, 1), (9, 20, 8, 4, 4, 13, 1),
    (10, 21, 4, 4, 2, 8, 25), (7, 6, 2, 2, 8, 8, 5), (5, 17, 4, 2, 3, 4, 2), (1, 1, 1, 1, 2, 2, 1),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sums_are_exact_and_skipping_changes_the_cost_only(shape: tuple[int, ...]) -> None:
    """At extremes and at random; several steps, so that accumulators start from zero again."""
    sources, targets, lanes, width, code_bits, weight_bits, taps = shape
    rng = np.random.default_rng(sources)
    machine = machine_of(
        synapse_lanes=lanes, neuron_lanes=width, code_bits=code_bits, weight_bits=weight_bits,
        taps=taps,
        code_depth=32, weight_depth=256, accumulator_depth=8, accumulator_bits=28)
    top, most = (1 << (weight_bits - 1)) - 1, machine.neurons.code_limit
    weights = rng.integers(-top, top + 1, (targets, sources))
    weights[:, 0], weights[0] = top, -top
    late = rng.integers(0, taps, (targets, sources))
    codes = rng.integers(-most, most + 1, (7, sources)) * (rng.random((7, sources)) < 0.3)
    codes[0], codes[1], codes[2] = most, -most, 0
    wanted = expected_sums(weights, late, codes)
    runs = {skip: Run(machine, weights, late, codes, skip) for skip in (False, True)}
    for run in runs.values():
        assert np.array_equal(run.sums, wanted)
        assert run.looked_at == codes.size
    assert runs[False].events == codes.size
    if taps == 1:
        assert runs[True].events == np.count_nonzero(codes)
    assert runs[True].clocks <= runs[False].clocks


def test_throughput_is_a_weight_word_a_clock() -> None:
    """All sources loud: groups clocks an event; silent words pass four sources a clock."""
    machine = machine_of(
        synapse_lanes=4, neuron_lanes=4, code_bits=2, weight_bits=2, code_depth=16,
        weight_depth=512,
        accumulator_depth=8)
    weights = np.ones((32, 60), np.int64)
    taps = np.zeros_like(weights)
    loud = Run(machine, weights, taps, np.ones((1, 60), np.int64), True)
    silent = Run(machine, weights, taps, np.zeros((1, 60), np.int64), True)
    assert loud.events == 60 and 60 * 8 <= loud.clocks <= 60 * 8 + 16
    assert silent.events == 0 and silent.clocks <= 60 // 4 + 6


def test_layout_of_a_command() -> None:
    """Command fields are as wide as the memories that they address."""
    layout = accumulate_command(machine_of(weight_depth=300, code_depth=9))
    assert layout["weights"].width == 9 and layout["codes"].width == 4
