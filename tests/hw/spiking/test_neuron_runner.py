"""Neurons between words of the vector unit: words in, states kept by population, codes out."""

from __future__ import annotations

import numpy as np
import pytest
from amaranth.sim import Simulator
from sterna.golden.neuron import GoldenPopulation
from sterna.law.neuron import Decay, NeuronDefinition, Output, Reset
from sterna.law.neuron_parameters import NeuronParameters
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.machine.units.neurons import NeuronKind, Neurons
from sterna_hw.spiking.neuron_runner import NeuronRunner
from sterna_sim.streams import Receiver, put, sender, simulate

from tests.hw.spiking.population import random_parameters, random_sums

SPIKES = NeuronDefinition(
    sum_bits=18, membrane_bits=18, decay=Decay.MULTIPLY, reset=Reset.SOFT, strict=False,
    clamped=True)
COUNTS = NeuronDefinition(sum_bits=18, membrane_bits=18, output=Output.SPIKE, max_count=5)
VALUES = NeuronDefinition(sum_bits=18, membrane_bits=18, output=Output.MEMBRANE, output_shift=8)
VARYING = ("factor", "threshold")


def mixture(definition: NeuronDefinition, lanes: int, depth: int, groups: int) -> Machine:
    """A machine with vector lanes of 4, whose neurons take words."""
    base = PRESETS["small"]
    neurons = Neurons(
        lanes=lanes, code_bits=8, code_depth=0, input_depth=0, outputs=0, given_depth=depth,
        kinds=(NeuronKind(definition=definition, varying=VARYING, current=True, groups=groups),))
    return base.having(units=(*base.units, neurons))


def grouped(rows: np.ndarray, lanes: int) -> list[list[int]]:
    return np.pad(rows, (0, -len(rows) % lanes)).reshape(-1, lanes).tolist()


@pytest.mark.parametrize("density", [1.0, 0.4])
@pytest.mark.parametrize("lanes", [1, 2, 4])
@pytest.mark.parametrize("definition", [SPIKES, COUNTS, VALUES], ids=["spikes", "counts", "values"])
def test_populations_of_a_kind_take_turns(definition, lanes, density):
    """Lengths that fill groups or do not; the same words twice after the states were cleared."""
    lengths, steps, wide = (30, 4, 17), 6, PRESETS["small"].vector.lanes
    words = [-(-length // lanes) for length in lengths]
    machine = mixture(definition, lanes, 8, sum(words))
    rng = np.random.default_rng(3)
    numbers = [random_parameters(rng, definition, length, VARYING, False) for length in lengths]
    shared = {name: value for name, value in numbers[0].items() if name not in VARYING}
    constants = tuple((name, int(value[0])) for name, value in shared.items())
    kind = machine.neurons.kinds[0]
    neurons = Neurons(**{
        **{name: getattr(machine.neurons, name) for name in
           ("lanes", "code_bits", "code_depth", "input_depth", "outputs", "given_depth")},
        "kinds": (NeuronKind(definition=definition, varying=VARYING, current=True,
                             groups=kind.groups, constants=constants),)})
    machine = machine.having(units=(*PRESETS["small"].units, neurons))
    numbers = [NeuronParameters.of(**{**dict(number.items()), **shared}) for number in numbers]
    sums = [random_sums(rng, definition, steps, length) for length in lengths]

    commands, currents, parameters, expected = [], [], [], []
    for _ in range(2):
        commands.append({"groups": 1, "clear": 1})
        populations = [GoldenPopulation(definition, number, length)
                       for number, length in zip(numbers, lengths, strict=True)]
        for step in range(steps):
            for golden, number, rows, groups in zip(
                    populations, numbers, sums, words, strict=True):
                commands.append({"unit": 1, "groups": groups, "give": 1})
                currents += grouped(rows[step], wide)
                full = number.expanded(len(rows[step]))
                columns = [grouped(getattr(full, name), lanes) for name in VARYING]
                parameters += [_parameters(definition, group) for group in zip(*columns,
                                                                               strict=True)]
                expected.append(golden.codes(golden.step(rows[step][None]))[0])
    dut = NeuronRunner(machine)
    received = Receiver(dut.given, sum(-(-length // wide) for length in lengths) * 2 * steps,
                        seed=5, density=density)
    simulate(dut, sender(dut.commands, commands, seed=1, density=density),
             sender(dut.currents, currents, seed=2, density=density),
             sender(dut.constants, parameters, seed=4, density=density), received)
    found = iter(received.values)
    for codes in expected:
        values = [value for _ in range(-(-len(codes) // wide)) for value in next(found)]
        assert values[:len(codes)] == codes.tolist()
    assert any(codes.any() for codes in expected)


def _parameters(definition: NeuronDefinition, columns: tuple[list[int], ...]) -> int:
    """A word of the constant memory: the parameters of each lane, lowest first."""
    word, place = 0, 0
    for values in zip(*columns, strict=True):
        for value, bits in zip(values, (definition.factor_bits, definition.membrane_bits),
                               strict=True):
            word |= (value & (1 << bits) - 1) << place
            place += bits
    return word


def test_a_command_waits_until_the_words_before_are_taken():
    """Its words would find no room otherwise; the runner is idle when nothing of them is left."""
    machine = mixture(SPIKES, 4, 2, 4)
    dut = NeuronRunner(machine)

    async def host(ctx):
        ctx.set(dut.currents.valid, 1)
        ctx.set(dut.constants.valid, 1)
        await put(ctx, dut.commands, {"unit": 1, "groups": 2, "give": 1})
        for _ in range(200):
            await ctx.tick()
            assert not ctx.get(dut.idle)
            assert not ctx.get(dut.commands.ready)
        assert ctx.get(dut.given.valid)
        ctx.set(dut.given.ready, 1)
        await ctx.tick().repeat(20)
        assert ctx.get(dut.idle)
        assert ctx.get(dut.commands.ready)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(host)
    simulator.run()
