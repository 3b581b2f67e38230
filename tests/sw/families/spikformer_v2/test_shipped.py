"""The one that comes with the family: small, and right at its task in float and in integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sterna.families.requests import ReportRequest
from sterna.families.spikformer_v2.large_digits import IMAGE, POINT, enlarged, large_digits
from sterna.families.spikformer_v2.names import DIGITS, SHIPPED
from sterna.families.spikformer_v2.version import SPIKFORMER_V2
from sterna.families.spiking.moving_digits import CHANNELS, INPUTS, STEPS, moving_digits
from sterna.families.spiking_transformer import evaluate, of_task
from sterna.families.spiking_transformer.model import open_model
from sterna.options import Options
from sterna.progress import Report

SAMPLES, SEED = 30, 1
Command = Callable[..., Any]


def test_it_is_right_at_its_task(sterna: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine of ten and more; docs/spiking.md has the figures of a thousand samples. A report counts
    the same."""
    monkeypatch.setattr(evaluate, "OF_TASK", SAMPLES)
    found = sterna("eval", DIGITS, "--seed", SEED, "--json").json
    assert found["model"] == DIGITS and found["samples"] == SAMPLES
    assert min(found["float_accuracy"], found["golden_accuracy"], found["same_class"]) >= 0.9
    _, labels = moving_digits(SAMPLES, SEED)
    assert np.sum(found["confusion"], 1).tolist() == np.bincount(labels, minlength=10).tolist()
    assert np.trace(found["confusion"]) == round(SAMPLES * found["golden_accuracy"])
    monkeypatch.setattr(of_task, "SAMPLES", SAMPLES)
    model = open_model(SPIKFORMER_V2, DIGITS)
    told: Any = model.agreement(
        ReportRequest(model=DIGITS, options=Options(seed=SEED)), model.network, Report())
    row, = told["rows"]
    assert (told["float_accuracy"], row["accuracy"], row["same_class"]) == (
        found["float_accuracy"], found["golden_accuracy"], found["same_class"])
    assert 0 < row["differ"] < 0.03


@pytest.mark.parametrize(("name", "given", "why"), [
    (DIGITS, {"input": "events.csv"}, f"{DIGITS}: real numbers are compared on its task, without "),
    ("random:family=spikformer-v2,width=32,heads=2", {}, ": its family compares no report"),
])
def test_a_report_says_why_it_compares_nothing(name: str, given: dict[str, Any], why: str) -> None:
    model = open_model(SPIKFORMER_V2, name)
    told: Any = model.agreement(
        ReportRequest(model=name, options=Options(**given)), model.network, Report())
    assert told.keys() == {"why"} and why in told["why"]


def test_it_is_small_and_takes_its_task() -> None:
    assert SHIPPED.keys() == SPIKFORMER_V2.tasks.keys()
    folder = SHIPPED[DIGITS].folder
    assert folder is not None
    assert sum(path.stat().st_size for path in folder.iterdir()) < 500_000
    model = open_model(SPIKFORMER_V2, DIGITS)
    assert not model.sources and model.network.name == DIGITS
    assert model.configuration.image == IMAGE and model.network.input_fraction == 0
    assert large_digits(1, 0)[0].shape == (STEPS, 1, model.network.inputs)


def test_points_are_larger() -> None:
    """The same digits, events and noise; a point is all of its square."""
    events, labels = moving_digits(20, 3)
    large, same = large_digits(20, 3)
    maps = large.reshape(STEPS, 20, CHANNELS, IMAGE, IMAGE)
    assert np.array_equal(labels, same) and np.array_equal(maps, enlarged(events))
    for down in range(POINT):
        for right in range(POINT):
            part = maps[..., down::POINT, right::POINT]
            assert np.array_equal(part.reshape(STEPS, 20, INPUTS), events)


@pytest.mark.parametrize(("arguments", "message"), [
    (["--allow-rounding"], "is for the inputs of a file; give --data"),
    (["--lanes", 8], "the golden has none; give --device sim"),
    (["--by", "first"], "by is 'first'; it is sum, last, most"),
    (["--device", "toaster"], "toaster: no such device"),
])
def test_refusals(sterna: Command, arguments: list[Any], message: str) -> None:
    told = sterna("eval", DIGITS, *arguments)
    assert told.code == 2 and message in told.errors and told.errors.count("\n") == 1


def test_others_have_no_task(sterna: Command) -> None:
    told = sterna("eval", "random:family=spikformer-v2", "--device", "sim")
    assert told.code == 2 and f"or a model with a task: {DIGITS}\n" in told.errors
