"""Units of the emulator beside the golden's operations: extremes, and all pairs of neuron flags."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sterna.errors import CheckError
from sterna.golden import scalars as golden
from sterna.golden.neuron import GoldenPopulation
from sterna.law.arithmetic import MANTISSA_ONE
from sterna.machine.emulator import scalars
from sterna.machine.emulator.head import best_rows
from sterna.machine.emulator.machine import OWN
from sterna.machine.emulator.memory import LoadedMemory
from sterna.machine.emulator.neuron_step import NeuronStates
from sterna.machine.emulator.path import Path
from sterna.machine.emulator.plan import plan_entry
from sterna.machine.emulator.sequencer import unrolled
from sterna.machine.encoding import encode
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import Space
from sterna.machine.units.vector import MultiplierSelect
from sterna.machine.words import word_bytes

from tests.hw.spiking.population import random_parameters, random_sums
from tests.hw.spiking.test_engine import ALL, ROWS, definition_of

SCALARS = st.one_of(
    st.just((0, 0)),
    st.tuples(st.integers(MANTISSA_ONE, 2 * MANTISSA_ONE - 1), st.integers(-512, 511)))


@given(SCALARS, SCALARS, st.integers(0, 2**48))
def test_scalars(a, b, number):
    x, y = golden.ScalarFloat(*a), golden.ScalarFloat(*b)
    assert scalars.normalise(number) == golden.normalise(number)
    assert scalars.multiply(a, b) == golden.multiply(x, y)
    assert scalars.add(a, b) == golden.add(x, y)
    assert scalars.code_scale(a) == golden.code_scale(x)
    assert scalars.rsqrt(a) == golden.rsqrt(x)
    for bits in (12, 18):
        assert scalars.as_multiplier(a, bits) == golden.as_multiplier(x, bits)


def test_exponents_stay_in_range():
    """The law's limits: below is zero, above the largest scalar."""
    top = (2 * MANTISSA_ONE - 1, 511)
    assert scalars.multiply((MANTISSA_ONE, -300), (MANTISSA_ONE, -300)) == (0, 0)
    assert scalars.multiply((MANTISSA_ONE, 300), (MANTISSA_ONE, 300)) == top
    assert scalars.add(top, top) == top


@pytest.mark.parametrize("index", range(len(ROWS)))
def test_neurons(index):
    """Every pair of flags that the law allows; a unit takes its neurons in two calls."""
    row, rng = ROWS[index], np.random.default_rng(index)
    definition, neurons = definition_of(row), 6
    varying = {"none": (), "threshold": ("threshold",), "all": ALL}[row["varying"]]
    parameters = random_parameters(rng, definition, neurons, varying, row["wild"])
    population = GoldenPopulation(definition, parameters, neurons)
    unit = NeuronStates(definition, neurons)
    expanded = dict(parameters.expanded(neurons).items())
    for sums in random_sums(rng, definition, 24, neurons):
        expected = population.step(sums[None])[0]
        outputs = []
        for part in (slice(0, 2), slice(2, 6)):
            values = {name: value[part] for name, value in expanded.items()}
            outputs.append(unit.step(sums[part], values)[0])
        assert np.array_equal(np.concatenate(outputs), expected)
        for name, state in population.state.items():
            assert np.array_equal(unit.states[name], state[0]), name


@pytest.mark.parametrize("count", [1, 3, 9])
def test_the_best_rows_are_those_of_a_whole_sort(count):
    values = np.random.default_rng(1).integers(-3, 3, 40)
    assert best_rows(values, count).tolist() == np.argsort(
        -values, kind="stable")[:count].tolist()
    assert best_rows(values[:2], 5).tolist() == np.argsort(-values[:2], kind="stable").tolist()
    assert best_rows(values[:0], 5).tolist() == []


def test_loops_are_unrolled_with_both_offsets():
    machine = PRESETS["tiny"]
    program = [
        encode(machine, "REPEAT", level=1, count=2, step=10),
        encode(machine, "REPEAT", level=0, count=3, step=4),
        encode(machine, "VECTOR", length=4, ends=0),
        encode(machine, "VECTOR", length=4, ends=1),
        encode(machine, "SCALAR", ends=2),
        encode(machine, "END"),
    ]
    steps = list(unrolled(machine, program.__getitem__, 0))
    assert [(step.pc, step.inner, step.outer, step.loop, step.pass_) for step in steps] == [
        *((pc, 4 * index, 0, 0, index) for index in range(3) for pc in (2, 3)), (4, 0, 0, -1, 0),
        *((pc, 4 * index, 10, 1, index) for index in range(3) for pc in (2, 3)), (4, 0, 10, -1, 0)]
    same = encode(machine, "SCALAR")
    with pytest.raises(CheckError, match="does not end"):
        list(unrolled(machine, lambda address: same, 0, most=1000))


def test_memories_take_whole_words_where_there_are_any():
    memory = LoadedMemory(PRESETS["tiny"], Space.INPUT)
    size, depth = len(memory.words(1)[0]), PRESETS["tiny"].vector.input_depth
    assert memory.write(3, bytes(2 * size))
    assert not memory.write(0, bytes(size + 1))
    assert not memory.write(depth - 1, bytes(2 * size))
    assert memory.used >= 5 and not memory.words(5)[3:].any() and memory.words(1).any()


@pytest.mark.parametrize(("reads", "expected"), [(0, [1, 2, 4, 8, 1]), (8, [1, 2, 2, 2, 1])])
def test_turns_of_a_loop_are_joined_only_where_they_do_not_meet(reads, expected):
    """Each turn doubles what the turn before wrote, or what lies elsewhere."""
    machine = PRESETS["tiny"]
    program = [
        encode(machine, "REPEAT", level=0, count=3, step=1),
        encode(machine, "VECTOR", length=1, multiplier=MultiplierSelect.ONE, add_b=1,
               a_address=reads, b_address=reads, write=1, result_address=1, ends=1),
        encode(machine, "END"),
    ]
    memories = {item.name: LoadedMemory(machine, item.name) for item in machine.memories}
    size = word_bytes(machine, Space.PROGRAM)
    memories[Space.PROGRAM].write(0, b"".join(word.to_bytes(size, "little") for word in program))
    units = {}
    for unit in machine.units:
        units[unit.name] = OWN[unit.name](machine, memories, units)
    plan = plan_entry(machine, units, memories[Space.PROGRAM].number, 0)
    assert len(plan.operations) == (1 if reads else 3)
    path = Path(0, np.ones((16, 2), np.int64))
    for operation in plan.operations:
        operation(path)
    assert path.memory[:5, 0].tolist() == expected
