"""The program of an RWKV-7 against its float reference, by planes and shapes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sterna.compiler.fit import fit_machine
from sterna.errors import InputError
from sterna.families.rwkv.calibration import random_ids
from sterna.families.rwkv.model import module_of
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv7.configuration import Rwkv7Config
from sterna.families.rwkv7.lowering import Formats, lower
from sterna.families.rwkv7.lowering.calibration import calibrate
from sterna.families.rwkv7.version import RWKV7
from sterna.families.tokens.score import evaluate, reference_logits
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.program.definition import Program
from sterna_sim.verification import Verifier

CONFIG = Rwkv7Config(97, 60, 2, 100, None, None, head_size=20, decay_rank=12,
                     rate_rank=8, value_rank=5, gate_rank=16)
MODEL = random_model(RWKV7, CONFIG, 2)
IDS = torch.from_numpy(np.random.default_rng(1).integers(0, 97, (4, 24)))


def error(model: RwkvModel, formats: Formats) -> float:
    """Of the logits: rms over their standard deviation."""
    exact = reference_logits(module_of(model), IDS)
    golden = evaluate(lower(model, formats), IDS).float()
    return float((golden - exact).square().mean().sqrt() / exact.std())


@pytest.fixture(scope="module")
def formats() -> Formats:
    return calibrate(MODEL, random_ids(CONFIG)).formats


@pytest.mark.parametrize("planes, most", [(5, 0.028), (3, 0.159)])
def test_planes_cost_what_is_known(formats: Formats, planes: int, most: float) -> None:
    """spec/families.md 2."""
    assert most / 3 < error(MODEL, formats.with_planes(planes)) < most


def test_codes_alone_cost_what_is_known(formats: Formats) -> None:
    """Of eight planes nothing is left to be seen; and so of a second digit."""
    fine = formats.with_planes(8)
    found = error(MODEL, fine)
    assert 0.020 / 3 < found < 0.020
    two = dict.fromkeys(("receptance", "key", "output", "wide", "down"), 2)
    assert error(MODEL, replace(fine, digits=two)) < 0.9 * found


@pytest.mark.parametrize("scale, name", [(20.0, "att.key.weight"), (0.05, "att.value.weight"),
                                         (6.0, "ffn.key.weight")])
def test_calibration_follows_the_values(scale: float, name: str) -> None:
    """Of a model some of whose values are many times as large, or small."""
    def tensor(key: str) -> np.ndarray:
        return MODEL.tensor(key) * np.float32(scale if key.endswith(name) else 1)

    model = replace(MODEL, tensor=tensor)
    found = calibrate(model, random_ids(CONFIG))
    assert found.concerns == []
    assert error(model, found.formats) < 0.05


def test_formats_are_kept(formats: Formats) -> None:
    assert Formats.from_json(formats.to_json()) == formats


@pytest.mark.parametrize("text, message", [
    ('{"state_fraction": 17, "key_fraction": 2}', "state_fraction asks for a shift by -3 of"),
    ('{"read_fraction": 17, "receptance_fraction": 2}', "read_fraction asks for a shift by -5 of"),
    ('{"digits": {"value": 2}}', "the codes of value have one digit"),
    ('{"removed_fraction": 3}', "directions have 5 bits of fraction"),
    ('{"key_fraction": 17, "value_fraction": 17, "state_fraction": 13}', "learning rate 22"),
])
def test_formats_that_mean_nothing_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Formats.from_json(text)


SMALL = random_model(RWKV7, Rwkv7Config(30, 22, 2, 20, None, None, head_size=11, decay_rank=5,
                                        rate_rank=3, value_rank=4, gate_rank=7), 1)


def machine_of(program: Program, lanes: int) -> Machine:
    base = PRESETS["tiny"].having(vector_lanes=lanes, ternary_rows=max(2, lanes),
                                   ternary_columns=max(4, lanes))
    return fit_machine(program, base).having(trace=True)


@pytest.mark.parametrize("lanes", [1, 16])
def test_every_value_is_the_golden_s(lanes: int) -> None:
    """On the emulator, by the lanes of the vector unit; the generated Verilog has four of them on
    the machine of all programs."""
    program = lower(SMALL, Formats().with_planes(2))
    machine = machine_of(program, lanes)
    outcome = Verifier(program, machine, board=EmulatedBoard(machine)).verify([[1, 29, 3], [4]])
    assert outcome.differences == 0, outcome.first_difference
    assert outcome.loud["layer_cells"] and outcome.loud["read"] and outcome.loud["attended"]


def test_a_machine_whose_groups_are_longer_than_heads_is_refused() -> None:
    with pytest.raises(InputError, match="the 16 elements from 0 on are no whole groups of 32; use "
                                         "fewer vector_lanes"):
        machine_of(lower(SMALL), 32)
