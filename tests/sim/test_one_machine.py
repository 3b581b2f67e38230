"""Programs of all families on one machine, which has more than each of them needs."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.compiler.cycles import estimate_cycles
from sterna.compiler.fit import fit_machine
from sterna.compiler.kinds import kind_of
from sterna.compiler.populations import populations
from sterna.compiler.schedule import schedule
from sterna.machine.emulator.board import EmulatedBoard
from sterna_sim.board import SimulatedBoard
from sterna_sim.comparison import Verification
from sterna_sim.verification import Verifier

from tests.one_machine import KINDS, ONE, TRACED
from tests.one_programs import MIXTURES, NETWORKS, PROGRAMS, WINDOWS, items


def verified(name: str, board, **options) -> Verification:
    """Two texts, each from a reset on; the second is in the middle of the first's state."""
    program = PROGRAMS[name]()
    texts = items(program, 7)
    outcome = Verifier(program, ONE, board=board, **options).verify([texts[:4], texts[4:]])
    assert outcome.differences == 0, outcome.first_difference
    assert outcome.tokens == 7
    return outcome


@pytest.mark.verilator
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_the_golden_one(name: str) -> None:
    """In every value, under pauses of the link."""
    verified(name, SimulatedBoard(TRACED, stall_permille=300, seed=3))


@pytest.mark.verilator
@pytest.mark.parametrize("seed", MIXTURES)
def test_cycles_of_a_mixture_are_those_of_the_estimate(seed: int) -> None:
    """Silent sources of synapses are not left out."""
    name = f"mixture {seed}"
    outcome = verified(name, SimulatedBoard(TRACED), skip=False)
    expected = estimate_cycles(schedule(PROGRAMS[name](), ONE, skip=False), ONE).cycles
    cycles = np.mean([counters.cycles for counters in outcome.runs])
    assert 0.9 * expected < cycles < 1.07 * expected


@pytest.mark.verilator
def test_programs_follow_each_other() -> None:
    """On a board that is never reset: what one leaves behind is nothing to the next."""
    board = SimulatedBoard(TRACED, stall_permille=100, seed=5)
    for name in ("mixture 8", "net, delays", "like demo-spiking", "l2mu", "windows, few",
                 "net", "mixture 0"):
        verified(name, board)


@pytest.mark.verilator
@pytest.mark.parametrize("name", WINDOWS)
def test_events_of_windows(name: str) -> None:
    """Of all sources, whether they meet targets or not; most of the estimate's cycles."""
    program = PROGRAMS[f"windows, {name}"]()
    outcome = verified(f"windows, {name}", SimulatedBoard(TRACED), skip=False)
    expected = estimate_cycles(schedule(program, ONE, skip=False), ONE).cycles
    for counters in outcome.runs:
        assert counters.events == counters.sources
        assert 0.8 * expected < counters.cycles < 1.08 * expected


@pytest.mark.verilator
@pytest.mark.parametrize("name", NETWORKS)
def test_sources_that_are_not_skipped(name: str) -> None:
    """Are an event each, and the cycles within 4 % of the estimate."""
    outcome = verified(name, SimulatedBoard(TRACED), skip=False)
    expected = estimate_cycles(schedule(PROGRAMS[name](), ONE, skip=False), ONE).cycles
    for counters in outcome.runs:
        assert counters.events == counters.sources
        assert counters.cycles == pytest.approx(expected, rel=0.04)


def test_every_kind_of_neurons_fires() -> None:
    """Programs that are small have neurons of each that are not silent."""
    fired = set()
    for name, make in PROGRAMS.items():
        if places := populations(make()):
            loud = verified(name, EmulatedBoard(TRACED)).loud
            fired |= {kind_of(ONE, place) for place in places
                      if loud[f"{place.item.name}.output"]}
    assert fired == set(range(len(KINDS)))


@pytest.mark.parametrize("name", ["demo-tiny", "like demo-spiking", "net, delays", "mixture 0"])
def test_it_is_the_shape_of_a_machine_made_for_a_program(name: str) -> None:
    """Without neurons and synapses that the program has no use for."""
    program = PROGRAMS[name]()
    machine = fit_machine(program, ONE)
    kinds = {place.item.current is None for place in populations(program)}
    assert (machine.has("neuron"), machine.has("synapse")) == (bool(kinds), True in kinds)
    verifier = Verifier(program, machine, board=EmulatedBoard(machine.having(trace=True)))
    outcome = verifier.verify([items(program, 4)])
    assert outcome.differences == 0, outcome.first_difference
