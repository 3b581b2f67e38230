"""A unit of another package: its operation is compiled, and runs, without a change elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sterna.compiler import registry
from sterna.compiler.cycles import estimate_cycles
from sterna.compiler.fit import fit_machine
from sterna.compiler.schedule import schedule
from sterna.errors import InputError
from sterna.machine import extensions
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.program.definition import Parameters, Program, VectorFormat
from sterna.program.instructions import Element, Kernel, Unit
from sterna_sim.verification import Verifier

from tests.counting import (
    Count,
    Counting,
    CountingBlock,
    CountingCompiler,
    EmulatedCounting,
    counting,
)
from tests.hw.core.stepped_board import SteppedBoard
from tests.sw.program.small import CODES, ENTER, HEAD, QUIET, N, program

__all__ = ["counting"]
BASE = replace(PRESETS["tiny"], units=(*PRESETS["tiny"].units, Counting()))
TOKENS = [[1, 4, 2], [3]]


class Numbers(Parameters):
    """What the program asks for."""

    def matrix(self, section, repetition, name):
        return np.random.default_rng(1).integers(-1, 2, (5, N), np.int8)

    def embedding(self, token):
        return np.arange(N, dtype=np.int32) * (7 + token)


def counted(**changes) -> Program:
    """The count of RUNs is added to the row of a token, and that goes to the head."""
    add = Kernel(name="add", length=N, body=(
        replace(ENTER.body[0], a="x", addend="h"),))
    state = {"h": VectorFormat(length=N, fraction=4, lifetime="state")}
    whole = program(QUIET, Count(result="h"), add, *CODES, HEAD, parameters=Numbers(), **changes)
    return replace(whole, vectors=dict(whole.vectors) | state)


def verified(machine: Machine, board) -> list[int]:
    """Everything is the golden's; the cycles of each RUN."""
    outcome = Verifier(counted(), machine, board=board).verify(TOKENS)
    assert outcome.differences == 0, outcome.first_difference
    assert outcome.tokens == 4 and outcome.loud["h"] == 4 * N
    return [counters.cycles for counters in outcome.runs]


def test_it_runs_on_the_emulator(counting) -> None:
    machine = fit_machine(counted(), BASE).having(trace=True)
    verified(machine, EmulatedBoard(machine, {"counting": EmulatedCounting}))


def test_it_runs_in_gates(counting) -> None:
    machine = fit_machine(counted(), BASE).having(trace=True)
    cycles = verified(machine, SteppedBoard(machine, blocks={"counting": CountingBlock}))
    estimate = estimate_cycles(schedule(counted(), machine), machine).cycles
    assert cycles == pytest.approx([estimate] * 4, rel=0.1)


class Point:
    """An entry point of an installed package."""

    name, dist = "counting", None

    def __init__(self, found: object) -> None:
        self._found = found

    def load(self) -> object:
        if self._found is None:
            raise ImportError("no module named counting")
        return self._found


def test_packages_bring_its_parts(counting, monkeypatch) -> None:
    """By entry points, where nothing is registered or given."""
    parts = {extensions.COMPILERS: CountingCompiler, extensions.EMULATORS: EmulatedCounting}
    del registry._KNOWN["counting"]
    monkeypatch.setattr(extensions, "entry_points", lambda group: [Point(parts[group])])
    extensions.extensions.cache_clear()
    try:
        machine = fit_machine(counted(), BASE).having(trace=True)
        verified(machine, EmulatedBoard(machine))
        extensions.extensions.cache_clear()
        parts[extensions.COMPILERS] = None
        with pytest.raises(InputError, match="a package: the part of the unit counting in sterna"):
            fit_machine(counted(), BASE)
    finally:
        extensions.extensions.cache_clear()


def test_what_it_cannot_do_is_its_own_to_say(counting) -> None:
    whole = counted()
    twice = replace(whole, sections=(
        replace(whole.sections[0], items=(QUIET,)),
        replace(whole.sections[0], name="more", items=(Count(result="h"),), repeat=2)))
    with pytest.raises(InputError, match=r"section more, item 0 \(Count\): there is one count"):
        fit_machine(twice, BASE)
    with pytest.raises(InputError, match=r"item 1 \(Count\): no unit of this machine computes a"):
        schedule(counted(), PRESETS["tiny"])


def test_nobody_knows_it_otherwise() -> None:
    with pytest.raises(InputError, match="nobody knows what a Count means"):
        fit_machine(counted(), BASE)


def test_elements_may_follow_it(counting) -> None:
    """What it wrote is read as other vectors are."""
    again = Kernel(name="again", length=N, body=(Element(result="z", a="h", multiplier=Unit(-1)),))
    whole = counted()
    items = whole.sections[0].items
    longer = replace(whole, sections=(replace(whole.sections[0], items=(
        *items[:2], again, *items[2:])),))
    machine = fit_machine(longer, BASE).having(trace=True)
    board = EmulatedBoard(machine, {"counting": EmulatedCounting})
    outcome = Verifier(longer, machine, board=board).verify(TOKENS)
    assert outcome.differences == 0, outcome.first_difference
