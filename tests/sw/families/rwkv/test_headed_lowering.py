"""Programs of versions of matrix states against their float references, by planes and shapes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from sterna.compiler.fit import fit_machine
from sterna.errors import InputError
from sterna.families.rwkv.calibration import random_ids
from sterna.families.rwkv.model import module_of
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.tokens.score import evaluate, reference_logits
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.program.definition import Program
from sterna_sim.verification import Verifier

from tests.sw.families.bdh.case import BDH_CASE
from tests.sw.families.fla.cases import CASES as OF_FLA
from tests.sw.families.mamba.case import MAMBA_CASE
from tests.sw.families.rwkv.headed import CASES as OF_RWKV
from tests.sw.families.rwkv.headed import Case

CASES = {**OF_RWKV, **OF_FLA, **{case.title: case for case in (BDH_CASE, MAMBA_CASE)}}

IDS = torch.from_numpy(np.random.default_rng(1).integers(0, 97, (4, 24)))
every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def drawn(case: Case) -> RwkvModel:
    return random_model(case.version, case.shape("planes"), 2)


def error(model: RwkvModel, formats: Any) -> float:
    """Of the logits: rms over their standard deviation."""
    exact = reference_logits(module_of(model), IDS)
    golden = evaluate(model.version.lower(model, formats=formats), IDS).float()
    return float((golden - exact).square().mean().sqrt() / exact.std())


@cache
def formats(title: str) -> Any:
    model = drawn(CASES[title])
    return model.version.calibrate(model, random_ids(model.config)).formats


@every
def test_planes_and_codes_cost_what_is_known(case: Case) -> None:
    """spec/families.md 2; of eight planes nothing is left to be seen, so that codes alone are."""
    for planes, most in case.most.items():
        found = error(drawn(case), formats(case.title).with_planes(planes))
        assert most / 3 < found < most


@every
def test_a_second_digit_takes_error_of_codes_away(case: Case) -> None:
    fine = formats(case.title).with_planes(8)
    two = replace(fine, digits=dict.fromkeys(case.digits, 2))
    assert error(drawn(case), two) < case.share * error(drawn(case), fine)


@every
@pytest.mark.parametrize("which", range(3))
def test_calibration_follows_the_values(case: Case, which: int) -> None:
    """Of a model some of whose values are many times as large, or small."""
    model, (scale, name) = drawn(case), case.loud[which]

    def tensor(key: str) -> np.ndarray:
        return model.tensor(key) * np.float32(scale if key.endswith(name) else 1)

    scaled = replace(model, tensor=tensor)
    found = case.version.calibrate(scaled, random_ids(model.config))
    assert found.concerns == []
    assert error(scaled, found.formats) < 0.05


@every
def test_formats_are_kept(case: Case) -> None:
    found = formats(case.title)
    assert case.version.formats(found.to_json()) == found


@every
def test_formats_that_mean_nothing_are_refused(case: Case) -> None:
    for text, message in case.formats:
        with pytest.raises(InputError, match=message):
            case.version.formats(text)


def small(case: Case) -> Program:
    planes = case.version.formats(None).with_planes(2)
    model = random_model(case.version, case.shape("lanes"), 1)
    return case.version.lower(model, formats=planes)


def machine_of(program: Program, lanes: int) -> Machine:
    base = PRESETS["tiny"].having(
        vector_lanes=lanes, ternary_rows=max(2, lanes), ternary_columns=max(4, lanes)
    )
    return fit_machine(program, base).having(trace=True)


@every
@pytest.mark.parametrize("lanes", [1, 16])
def test_every_value_is_the_golden_s(case: Case, lanes: int) -> None:
    """On the emulator, by the lanes of the vector unit; the generated Verilog has four of them on
    the machine of all programs."""
    program = small(case)
    machine = machine_of(program, lanes)
    outcome = Verifier(program, machine, board=EmulatedBoard(machine)).verify([[1, 29, 3], [4]])
    assert outcome.differences == 0, outcome.first_difference
    assert all(outcome.loud[name] for name in (case.cells, *case.heard))


@pytest.mark.parametrize("case", [case for case in CASES.values() if case.parts])
def test_a_machine_whose_groups_are_longer_than_heads_is_refused(case: Case) -> None:
    with pytest.raises(
        InputError,
        match="the 16 elements from 0 on are no whole groups of 32; use fewer vector_lanes",
    ):
        machine_of(small(case), 32)
