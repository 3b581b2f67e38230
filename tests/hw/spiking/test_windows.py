# amaranth: UnusedElaboratable=no
"""Events of windows against the golden's convolution: every sum, with and without skipping."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module
from sterna.compiler.windows import WindowWords
from sterna.golden.windows import windowed
from sterna.law.neuron import NeuronDefinition
from sterna.law.window import Window
from sterna.machine.machine import Machine
from sterna.machine.presets import step_machine
from sterna.machine.protocol import Space, space_number
from sterna.machine.units.neurons import NeuronKind
from sterna_hw.component import Component
from sterna_hw.memory import LoadableMemory
from sterna_hw.spiking.accumulate import AccumulateUnit
from sterna_hw.spiking.code_memory import CodeMemory
from sterna_hw.spiking.source_place import EVENT_CLOCKS, window_word
from sterna_hw.spiking.synapses import ROUND_TRIP, weight_word
from sterna_sim.streams import pack, put, simulate, unpack

from tests.hw.core.window_networks import NETWORKS

Integers = np.ndarray
DENSE = 6
"""Targets of a matrix that leads to the same accumulators, from the first sources."""


class Bench(Component):
    """The unit with its memories."""

    def __init__(self, machine: Machine, weights: list[int], windows: list[int]) -> None:
        self.unit, self.codes = AccumulateUnit(machine), CodeMemory(machine)
        self._weights, self._windows = (
            LoadableMemory(bits, depth, space_number(machine, space), words)
            for bits, depth, space, words in (
                (machine.synapses.weight_word_bits, machine.synapses.weight_depth, Space.SYNAPSES,
                 weights),
                (window_word(machine).size, machine.synapses.window_depth, Space.WINDOWS,
                 windows)))
        super().__init__({})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        unit, codes, weights, windows = self.unit, self.codes, self._weights, self._windows
        m.submodules += [unit, codes, weights, windows]
        m.d.comb += [
            codes.address.eq(unit.code_address), codes.enable.eq(unit.code_enable),
            unit.code_data.eq(codes.data), weights.address.eq(unit.weight_address),
            weights.enable.eq(unit.weight_enable), unit.weight_data.eq(weights.data),
            windows.address.eq(unit.window_address), windows.enable.eq(1),
            unit.window_data.as_value().eq(windows.data),
        ]
        return m


class Run:
    """Steps of codes through a window and a matrix; ``sums`` [steps, targets] and counters."""

    def __init__(self, window: Window, weights: Integers, dense: Integers, codes: Integers,
                 lanes: int, width: int, skip: bool) -> None:
        placed = WindowWords(window, lanes)
        rows = np.pad(dense.T, ((0, 0), (0, -DENSE % lanes))).reshape(-1, lanes)
        words = np.concatenate([rows, placed.weights(weights)])
        depth = -(-max(window.targets, DENSE) // lanes)
        machine = step_machine(
            neuron_kinds=(NeuronKind(definition=NeuronDefinition(sum_bits=24)),),
            synapse_lanes=lanes, neuron_lanes=width, accumulator_bits=24, weight_bits=5,
            code_bits=4, weight_depth=len(words), window_depth=placed.table_words + 3,
            code_depth=-(-codes.shape[1] // width), accumulator_depth=depth)
        fields = machine.synapses.window_fields
        table = [sum((value & (1 << bits) - 1) << sum(width for _, width in fields[:place])
                     for place, (value, (_, bits)) in enumerate(zip(row, fields, strict=True)))
                 for row in placed.table().tolist()]
        layout = weight_word(machine)
        bench = Bench(machine, [pack(layout, {"weights": row}) for row in words], [0] * 3 + table)
        unit, memory = bench.unit, bench.codes
        commands = [
            {"codes": 0, "sources": codes.shape[1], "weights": len(rows), "groups": placed.groups,
             "skip": int(skip), "window": 4},
            {"codes": 0, "sources": dense.shape[1], "weights": 0, "groups": -(-DENSE // lanes),
             "skip": int(skip), "window": 0}]
        self.sums: list[list[int]] = []
        self.events = self.clocks = self.asked = 0

        async def drive(ctx: Any) -> None:
            for number, step in enumerate(codes):
                full = np.pad(step, (0, -len(step) % width)).reshape(-1, width)
                for address, row in enumerate(full):
                    ctx.set(memory.shift.as_value(), pack(memory.shift.shape(), {
                        "valid": 1, "clear": 0, "address": address, "codes": row}))
                    await ctx.tick()
                ctx.set(memory.shift.as_value(), 0)
                await ctx.tick().repeat(2)
                for command in commands[::-1] if number % 2 else commands:
                    await put(ctx, unit.commands, command)
                    assert not ctx.get(unit.idle)
                    while not ctx.get(unit.idle):
                        if command["window"]:
                            self.clocks += 1
                            self.asked += ctx.get(unit.busy)
                            self.events += ctx.get(unit.event)
                        await ctx.tick()
                values: list[int] = []
                for group in range(depth):
                    ctx.set(unit.take.as_value(), 1 | group << 1)
                    await ctx.tick()
                    ctx.set(unit.take.as_value(), 0)
                    values += unpack(unit.sums.shape(), ctx.get(unit.sums.as_value()))
                await ctx.tick().repeat(ROUND_TRIP)
                self.sums.append(values[:max(window.targets, DENSE)])

        simulate(bench, drive, deadline=1_000_000)


def run_of(window: Window, lanes: int, width: int, skip: bool, steps: int = 4
           ) -> tuple[Run, Integers, Integers]:
    """A run at extremes and at random, the sums that are wanted, and its codes."""
    rng = np.random.default_rng(lanes)
    weights = rng.integers(-15, 16, window.shape)
    weights.reshape(-1)[:2] = 15, -15
    dense = rng.integers(-15, 16, (DENSE, min(3, window.sources)))
    codes = rng.integers(-7, 8, (steps, window.sources)) * (
        rng.random((steps, window.sources)) < 0.3)
    codes[0], codes[1:2] = 7, 0
    wanted = np.zeros((steps, max(window.targets, DENSE)), np.int64)
    wanted[:, :window.targets] = windowed(window, codes, weights)
    wanted[:, :DENSE] += codes[:, :dense.shape[1]] @ dense.T
    return Run(window, weights, dense, codes, lanes, width, skip), wanted, codes


CASES = [(name, index, lanes, width) for name, (lanes, width) in (
    ("few", (8, 2)), ("steps", (4, 4)), ("groups", (1, 1))) for index in range(len(NETWORKS[name]))]


@pytest.mark.parametrize(("name", "index", "lanes", "width"), CASES)
@pytest.mark.parametrize("last", [False, True])
def test_sums_are_those_of_the_golden(name: str, index: int, lanes: int, width: int, last: bool
                                      ) -> None:
    """In both orders of elements, before and after a command without a window."""
    window = NETWORKS[name][index][1]
    window = Window(**{**window.__dict__, "source_last": last, "target_last": last})
    run, wanted, codes = run_of(window, lanes, width, skip=bool(index % 2))
    assert np.array_equal(run.sums, wanted)
    assert run.events == (np.count_nonzero(codes) if index % 2 else codes.size)
    events = codes != 0 if index % 2 else np.ones_like(codes)
    assert run.asked == (WindowWords(window, lanes).asked() * events).sum()


def test_maps_of_more_sources_than_a_vector_has_groups() -> None:
    """Events at the ends of 13 bits and of the map, and a matrix of as many columns behind it."""
    window = Window(channels=1, height=91, width=92, outputs=2, kernel=(8, 8), stride=(8, 8),
                    padding=(0, 5, 0, 4))
    rng = np.random.default_rng(0)
    weights = rng.integers(-15, 16, window.shape)
    dense = np.zeros((DENSE, window.sources), np.int64)
    codes = np.zeros((1, window.sources), np.int64)
    events = 0, 1, 93, 8189, 8190, 8191, 8192, 8250, 8340, window.sources - 1
    codes[:, events] = rng.integers(1, 8, len(events))
    dense[:, events] = rng.integers(-15, 16, (DENSE, len(events)))
    wanted = windowed(window, codes, weights)
    assert np.count_nonzero(wanted) > 6
    wanted[:, :DENSE] += codes @ dense.T
    run = Run(window, weights, dense, codes, lanes=8, width=4, skip=True)
    assert np.array_equal(run.sums, wanted) and run.events == len(events)


def test_a_word_is_asked_for_every_clock() -> None:
    """All sources loud: 9 positions of 2 words an event; silent ones pass two sources a clock."""
    window = Window(channels=2, height=5, width=6, outputs=8, kernel=(3, 3), source_last=True,
                    target_last=True, padding=(1, 1, 1, 1))
    loud, _, _ = run_of(window, 4, 2, skip=True, steps=1)
    assert loud.asked == WindowWords(window, 4).asked().sum()
    assert loud.clocks < 1.05 * loud.asked + 20
    silent, _, _ = run_of(window, 4, 2, skip=True, steps=2)
    assert silent.clocks - loud.clocks < 30 + 6 + EVENT_CLOCKS
