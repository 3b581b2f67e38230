"""`sterna bench` and `sterna eval` say how many of a device's results are not the golden's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sterna.families.steps.golden_device import GoldenSpikingDevice
from sterna.families.tokens.golden_device import GoldenDevice
from sterna.host.counters import Counters
from sterna.host.device import StepResult, StreamStep
from sterna.host.spiking_device import SpikingStep

MODEL = "random:hidden=20,layers=1,intermediate=12,vocabulary=40"


def first_one(values: np.ndarray) -> np.ndarray:
    return values + (np.arange(values.size) == 0)


RESULT_FAULTS = {
    "logit": lambda result: replace(result, values=first_one(result.values)),
    "row": lambda result: replace(result, rows=first_one(result.rows)),
    "mantissa": lambda result: replace(result, mantissa=result.mantissa ^ 1),
    "exponent": lambda result: replace(result, exponent=result.exponent - 1),
    "missing candidate": lambda result: replace(
        result, values=result.values[:-1], rows=result.rows[:-1]),
}


class Spoilt(GoldenDevice):
    """A golden with clocks, and a fault in its second token."""

    def __init__(self, fault: Any, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._fault, self._count = fault, 0

    def run(self, tokens: Any) -> dict[int, StreamStep]:
        self._count += 1
        return {stream: replace(step, result=self._clocked(step.result))
                for stream, step in super().run(tokens).items()}

    def _clocked(self, result: StepResult) -> StepResult:
        result = replace(result, counters=Counters(100, 50, 0, 0))
        return self._fault(result) if self._count == 2 else result


@pytest.mark.parametrize("name", [*RESULT_FAULTS, None])
def test_bench_of_a_language_model(sterna, monkeypatch, name):
    fault = RESULT_FAULTS[name] if name else lambda result: result
    monkeypatch.setattr(
        "sterna.families.tokens.bench.open_program",
        lambda kind, device, program, machine, *rest: Spoilt(fault, program, machine.head.top_k))
    outcome = sterna("bench", MODEL, "--tokens", 3, "--config", "tiny", "--json")
    assert outcome.code == (1 if name else 0)
    assert outcome.json["differences"] == (1 if name else 0)
    assert ("1 of 3 results differ from the golden" in outcome.errors) == bool(name)


class SpoiltNetwork(GoldenSpikingDevice):
    """A golden with clocks; two outputs of its third step are wrong."""

    def __init__(self, network: Any, skip: bool, wrong: int) -> None:
        super().__init__(network)
        self._skip, self._wrong, self._count = skip, wrong, 0

    def step(self, codes: Any) -> SpikingStep:
        self._count += 1
        outputs = super().step(codes).outputs.copy()
        if self._count == 3:
            outputs[:self._wrong] ^= 1
        return SpikingStep(outputs, Counters(
            100, 50, events=5 if self._skip else 9, sources=9))


@pytest.mark.parametrize("wrong", [0, 2])
def test_bench_of_a_spiking_network(sterna, monkeypatch, wrong):
    monkeypatch.setattr(
        "sterna.families.steps.bench.open_spiking_device",
        lambda device, network, machine, report, skip, timeout: SpoiltNetwork(
            network, skip, wrong))
    outcome = sterna("bench", "cubalif", "--steps", 5, "--json")
    assert outcome.code == (1 if wrong else 0)
    assert outcome.json["differences"] == 2 * wrong  # with skipping and without
    assert (f"{2 * wrong} outputs differ from the golden" in outcome.errors) == bool(wrong)


@pytest.mark.parametrize("wrong", [0, 2])
def test_eval_of_a_spiking_network(sterna, monkeypatch, wrong):
    monkeypatch.setattr(
        "sterna.families.steps.run.open_spiking_device",
        lambda device, network, machine, report, timeout: SpoiltNetwork(
            network, True, wrong))
    outcome = sterna("eval", "l2mu", "--samples", 4, "--device", "sim", "--json")
    assert outcome.code == (1 if wrong else 0)
    assert outcome.json["outputs_unlike_golden"] == wrong
    assert (f"{wrong} outputs differ from the golden" in outcome.errors) == bool(wrong)
