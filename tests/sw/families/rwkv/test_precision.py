"""Planes chosen for a model: fewer where they cost nothing, kept in its folder, told."""

from __future__ import annotations

import pytest
from sterna.families.rwkv.model import module_of
from sterna.families.rwkv.precision import choose_planes
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv4.configuration import RwkvConfig
from sterna.families.rwkv4.version import RWKV4
from sterna.families.tokens.precision import Measure
from sterna.progress import Report

MODEL = random_model(RWKV4, RwkvConfig(vocab_size=40, hidden_size=12, num_hidden_layers=1,
                                       intermediate_size=20), 4)
NAME = "random:family=rwkv4,hidden=12,layers=1,intermediate=20,vocabulary=40"
IDS = [(7 * place * place + 3) % 40 for place in range(49)]


@pytest.mark.parametrize(("text", "target"), [(False, 0.3), (True, 0.05)])
def test_planes_keep_a_target(text: bool, target: float) -> None:
    formats = RWKV4.calibrate(MODEL, IDS).formats
    chosen = choose_planes(MODEL, formats, module_of(MODEL), IDS, "ids", text, target, Report())
    measure = Measure(module_of(MODEL), IDS, None, text)
    figure = measure(RWKV4.lower(MODEL, formats=chosen.formats)).figure
    assert figure <= target
    assert len(set(chosen.formats.planes.values())) > 1 and max(chosen.formats.planes.values()) <= 5
    assert measure.told(figure) in chosen.lines[0] and "48 ids" in chosen.lines[0]
    for name, planes in chosen.formats.planes.items():
        assert any(f"  {name}: {planes} plane" in line for line in chosen.lines)
    weights = 4 * 12 * 12 + 12 * 12 + 2 * 12 * 20 + 40 * 12 - 12 * 12 + 12 * 12
    assert f"{weights:,} at 5 planes" in chosen.lines[-1]


def test_an_estimate_tells_what_was_chosen_and_what_it_brings(sterna, monkeypatch) -> None:
    monkeypatch.setattr("sterna.families.rwkv.precision.RANDOM_TOKENS", 63)
    told = sterna("estimate", NAME, "--planes", "auto", "--planes-target", "0.5", "--memory",
                  "ddr3-1.6", "--json")
    assert "at most 0.5000 wanted" in told.errors
    rate = told.json["tokens_per_second"]
    assert f"{rate:,.1f} tokens a second; with 5 planes of one matrix" in told.errors
    assert told.errors.count("  head: ") == 2


@pytest.mark.parametrize(("arguments", "message"), [
    (["--planes", "9"], "planes is 9; it must be a whole number from 1 to 8, or auto"),
    (["--planes", "all"], "'all' is not a whole number, such as 1000, nor auto"),
    (["--planes-target", "0.1"], "--planes-target: is what --planes auto keeps; give both"),
    (["--planes", "auto", "--planes-target", "0"], "planes-target is 0"),
])
def test_what_cannot_be_asked_is_one_line(sterna, arguments: list[str], message: str) -> None:
    outcome = sterna("program", NAME, *arguments)
    assert outcome.code == 2 and message in outcome.errors and outcome.errors.count("\n") == 1
