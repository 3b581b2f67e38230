"""The group splitter: order, destinations, saturation."""

from __future__ import annotations

import random

import pytest
from sterna.law.planes import full, reach
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.machine.units.ternary import Destination
from sterna_hw.core.group_splitter import GroupSplitter
from sterna_sim.streams import Receiver, sender, simulate

TINY = PRESETS["tiny"]
SHAPES = {
    "one part": TINY,
    "three parts": TINY.having(rows=6),
    "four parts of four": TINY.having(rows=16, vector_lanes=4),
    "saturating": TINY.having(word_bits=12, accumulator_bits=14),
    "saturating, two parts": TINY.having(word_bits=12, accumulator_bits=21, rows=4),
    "narrow accumulators": TINY.having(accumulator_bits=15),
    "planes": TINY.having(planes=5, accumulator_bits=30),
    "planes, three parts": TINY.having(planes=5, accumulator_bits=30, rows=6, word_bits=12),
}


def random_groups(machine: Machine, rng: random.Random, count: int):
    """Row groups within what accumulators can reach, extremes of word and sum among them."""
    bound = reach(full(machine.ternary.code_depth, machine.ternary.planes))
    limit = machine.vector.word_limit
    special = [value for value in (bound, -bound, limit, -limit, limit + 1, -limit - 1, -limit - 2,
                                   0, -1) if abs(value) <= bound]
    return [{"values": [rng.choice(special) if rng.random() < 0.4 else rng.randint(-bound, bound)
                        for _ in range(machine.ternary.rows)],
             "destination": rng.randrange(2),
             **({"shift": rng.randrange(8)} if machine.ternary.planes > 1 else {})}
            for _ in range(count)]


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("density, ready", [(1.0, 1.0), (0.5, 0.5), (1.0, 0.3)])
def test_groups(name, density, ready):
    machine = SHAPES[name]
    rng = random.Random(name)
    row_groups = random_groups(machine, rng, 40)
    lanes, limit = machine.vector.lanes, machine.vector.word_limit
    expected: dict[int, list[list[int]]] = {0: [], 1: []}
    for group in row_groups:
        shift = 4 * group.get("shift", 0)
        words = [max(-limit, min(limit, (value + (1 << shift >> 1)) >> shift))
                 for value in group["values"]]
        expected[group["destination"]] += [
            words[start:start + lanes] for start in range(0, len(words), lanes)]
    dut = GroupSplitter(machine)
    vector = Receiver(dut.vector, len(expected[Destination.VECTOR]), seed=1, density=ready)
    head = Receiver(dut.head, len(expected[Destination.HEAD]), seed=2, density=ready)
    simulate(dut, sender(dut.row_groups, row_groups, seed=3, density=density), vector, head)
    assert vector.values == expected[Destination.VECTOR]
    assert head.values == expected[Destination.HEAD]
    if density == ready == 1.0:
        groups = len(vector.values) + len(head.values)
        latency = 1 + machine.ternary.delivery_clocks
        assert max(vector.clocks[-1], head.clocks[-1]) == groups + latency - 1, "one a clock"
