"""Random programs of all units at once: every value of the emulated machine is the golden's."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.compiler.fit import fit_machine
from sterna.compiler.plan import NeuronStep, VectorStep
from sterna.compiler.schedule import schedule
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.presets import PRESETS
from sterna.machine.units.vector import SourceA
from sterna_sim.verification import Verifier

from tests.sw.compiler.mixtures import random_mixture

SHAPES = {
    "tiny": PRESETS["tiny"], "small": PRESETS["small"],
    "one lane": PRESETS["tiny"].having(vector_lanes=1, block_groups=2),
}
SEEDS = range(16)


def verified(seed: int, shape: str):
    """The comparison of every value of two texts."""
    program = random_mixture(seed)
    machine = fit_machine(program, SHAPES[shape])
    verifier = Verifier(program, machine, board=EmulatedBoard(machine.having(trace=True)))
    tokens = np.random.default_rng(seed).integers(0, program.rows, 8).tolist()
    return verifier.verify([tokens[:5], tokens[5:]])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_value_is_the_goldens(seed: int, shape: str) -> None:
    outcome = verified(seed, shape)
    assert outcome.tokens == 8
    assert outcome.differences == 0, outcome.first_difference


def test_the_mixtures_have_what_they_are_for() -> None:
    """Currents that kernels send and store, send only, or do not send; codes given and stored."""
    seen = dict.fromkeys(("sent", "sent and stored", "copied", "given", "stored", "spikes"), 0)
    for seed in SEEDS:
        program = random_mixture(seed)
        machine = fit_machine(program, SHAPES["small"])
        for section in schedule(program, machine).sections:
            for step in section.steps():
                if isinstance(step, NeuronStep):
                    seen["stored"] += step.codes is not None
                    continue
                if not isinstance(step, VectorStep):
                    continue
                seen["given"] += step.source is SourceA.UNIT
                if step.send and step.operation is None:
                    seen["copied"] += 1
                elif step.send:
                    seen["sent" if step.result is None else "sent and stored"] += 1
        loud = verified(seed, "small").loud
        seen["spikes"] += sum(loud[name] for name in loud if name.endswith(".output"))
    assert min(seen.values()) > 2, seen
