"""Every value that the emulator computes is the golden's: vectors, scalars, sums, states."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.compiler.fit import fit_machine
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.store import load_model
from sterna.families.spiking.examples import EXAMPLES
from sterna.families.spiking.lowering import lower as lower_network
from sterna.families.spiking.quantise import quantise
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.presets import PRESETS, STEP_MACHINE, step_machine
from sterna_sim.verification import Verifier

from tests.hw.core.spiking_networks import random_network
from tests.sim.shapes import random_program
from tests.sw.machine.emulator.test_tokens import SHAPES


def verified(program, base, texts, embedding="auto"):
    """The comparison of every value of some texts."""
    machine = fit_machine(program, base, embedding)
    verifier = Verifier(program, machine, embedding,
                        board=EmulatedBoard(machine.having(trace=True)))
    return verifier.verify(texts)


def texts(rows, *lengths):
    random = np.random.default_rng(5)
    return [random.integers(0, rows, length).tolist() for length in lengths]


@pytest.mark.parametrize("shape", SHAPES)
def test_random_programs(shape):
    program = random_program(24, 2, 40, 61, seed=6)
    outcome = verified(program, SHAPES[shape], texts(61, 3, 2), "host")
    assert outcome.tokens == 5 and outcome.vectors_compared > 100
    assert outcome.differences == 0, outcome.first_difference


def test_token_streams_that_join_leave_and_read_in_chunks():
    program = random_program(24, 2, 40, 61, seed=7)
    outcome = verified(program, PRESETS["tiny"].having(streams=3), texts(61, 5, 1, 4, 6, 2))
    assert outcome.tokens == 18
    assert outcome.differences == 0, outcome.first_difference


def test_the_shipped_model():
    program = lower(load_model("demo-tiny"), name="demo-tiny")
    outcome = verified(program, PRESETS["standard"], texts(program.rows, 6, 2))
    assert outcome.differences == 0, outcome.first_difference


def steps(network, shape, count, density=0.5, skip=True):
    """The comparison of every value of some time steps, twice from a reset on."""
    program = lower_network(network)
    machine = fit_machine(program, shape)
    verifier = Verifier(program, machine, skip=skip,
                        board=EmulatedBoard(machine.having(trace=True)))
    random = np.random.default_rng(8)
    limit = machine.neurons.code_limit
    codes = random.integers(-limit, limit + 1, (2, count, network.inputs))
    return verifier.verify(list(codes * (random.random(codes.shape) < density)))


@pytest.mark.parametrize("name", ["l2mu", "delays"])
def test_the_shipped_networks(name):
    outcome = steps(quantise(EXAMPLES[name]()), STEP_MACHINE, 10)
    assert outcome.differences == 0, outcome.first_difference
    assert outcome.runs[-1].sources > outcome.runs[-1].events > 0


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_random_networks(seed, skip):
    """Every kind of neuron, delays, several planes, lanes that neurons do not fill."""
    shape = step_machine(synapse_lanes=(4, 6)[seed % 2], neuron_lanes=2)
    outcome = steps(random_network(seed, delays=seed % 3 * 4), shape, 12, 0.7, skip)
    assert outcome.elements > 0
    assert outcome.differences == 0, outcome.first_difference
