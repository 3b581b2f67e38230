"""One run of a mixture is compared in every unit: a fault at any trace port is told by its name."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.compiler.fit import fit_machine
from sterna.machine.presets import PRESETS
from sterna.machine.traces import trace_ports
from sterna_sim.verification import Verification, Verifier

from tests.sim.spoilt_board import Fault, Shown, SpoiltBoard
from tests.sw.compiler.mixtures import random_mixture

PROGRAM = random_mixture(3)
MACHINE = fit_machine(PROGRAM, PRESETS["tiny"]).having(trace=True)
PORTS = [top.port.name for top in trace_ports(MACHINE)]
TOKENS = 3


def verified(fault: Fault) -> Verification:
    tokens = np.random.default_rng(3).integers(0, PROGRAM.rows, TOKENS).tolist()
    return Verifier(PROGRAM, MACHINE, board=SpoiltBoard(MACHINE, fault)).verify([tokens])


def test_words_and_neurons_are_shown_side_by_side() -> None:
    outcome = verified(lambda run, shown: None)
    assert {"vector", "scalar", "accumulators", "0_sums", "0_outputs", "0_states"} <= set(PORTS)
    assert outcome.differences == 0, outcome.first_difference
    assert any(name.endswith(".v") and count for name, count in outcome.loud.items())


@pytest.mark.parametrize("port", PORTS)
def test_a_wrong_value_of_any_unit_is_found(port: str) -> None:
    def spoil(run: int, shown: Shown) -> None:
        if run == 1 and len(shown.trace[port]):
            entry = shown.trace[port][0]
            entry[0] += 1 if entry[0] <= 0 else -1

    outcome = verified(spoil)
    first = outcome.first_difference
    assert outcome.differences == 1 and first is not None
    assert (first.token, abs((first.golden or 0) - (first.simulated or 0))) == (1, 1)
