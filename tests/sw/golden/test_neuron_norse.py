"""Neurons of Norse, driven beside the golden population over 1,000 steps."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from sterna.law.neuron import Current, Decay, NeuronDefinition, Reset

from tests.sw.golden.framework_neurons import (
    FORMATS,
    INPUT_FRACTION,
    NEURONS,
    STEPS,
    compare,
    factor,
    grid,
    parameters,
    random_inputs,
    state,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    norse: Any = pytest.importorskip("norse.torch")
    resets: Any = pytest.importorskip("norse.torch.functional.reset")

STEP = 1e-3
"""Norse's time step in seconds."""


def _inverse(rates: np.ndarray | float) -> torch.Tensor:
    """Inverse time constants of what is lost in a step."""
    return torch.as_tensor(np.asarray(rates / STEP))


def _scalar(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64)


def _run(cell: Any, spiking: bool = True) -> Any:
    """Steps of the cell, which keep its state; what only integrates gives no spikes."""
    kept: Any = None

    def step(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        nonlocal kept
        with torch.no_grad():
            output, kept = cell(x, kept)
        membrane = kept.lif.v if hasattr(kept, "lif") else kept.v
        return output if spiking else torch.zeros_like(output), membrane

    return step


def _rates(seed: int) -> tuple[np.random.Generator, np.ndarray, np.ndarray]:
    """A generator, and random rates of membranes and currents."""
    generator = np.random.default_rng(seed)
    return generator, grid(generator, 0.1, 0.7), grid(generator, 0.2, 0.8)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("soft", [False, True])
def test_lif_box(soft: bool, seed: int) -> None:
    """No current; hard reset to a value that is not 0, or the threshold taken away."""
    generator, rate, _ = _rates(seed)
    cell = norse.LIFBoxCell(norse.LIFBoxParameters(
        tau_mem_inv=_inverse(rate), v_leak=_scalar(0.0), v_th=_scalar(0.75),
        v_reset=_scalar(-0.25),
        reset_method=resets.reset_subtract if soft else resets.reset_value,
    ))
    definition = NeuronDefinition(
        **FORMATS, decay=Decay.EULER, scale_drive=True, reset=Reset.SOFT if soft else Reset.HARD)
    numbers = parameters(factor=factor(rate), threshold=state(0.75), reset=state(-0.25))
    assert compare(definition, numbers, random_inputs(generator, 0.6), _run(cell)) > 1000


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("refractory", [0, 3])
def test_lif(refractory: int, seed: int) -> None:
    """Inputs jump onto the current; a refractory neuron holds its membrane."""
    generator, rate, synaptic = _rates(seed)
    values = norse.LIFParameters(
        tau_syn_inv=_inverse(synaptic), tau_mem_inv=_inverse(rate), v_leak=_scalar(0.0),
        v_th=_scalar(0.75), v_reset=_scalar(-0.25))
    cell = norse.LIFCell(values)
    if refractory:
        cell = norse.LIFRefracCell(norse.LIFRefracParameters(values, _scalar(refractory)))
    definition = NeuronDefinition(
        **FORMATS, current=Current.JUMP, decay=Decay.EULER, scale_drive=True, reset=Reset.HARD,
        refractory=refractory, refractory_hold=refractory > 0)
    numbers = parameters(
        factor=factor(rate), current_factor=factor(1 - synaptic), threshold=state(0.75),
        reset=state(-0.25))
    assert compare(definition, numbers, random_inputs(generator), _run(cell)) > 1000


@pytest.mark.parametrize("seed", [0, 1])
def test_recurrent_lif(seed: int) -> None:
    """Its own spikes of the step before come as current."""
    generator, rate, synaptic = _rates(seed)
    weights = generator.integers(-60, 60, (NEURONS, NEURONS))
    np.fill_diagonal(weights, 0)
    cell = norse.LIFRecurrentCell(
        NEURONS, NEURONS, norse.LIFParameters(
            tau_syn_inv=_inverse(synaptic), tau_mem_inv=_inverse(rate), v_leak=_scalar(0.0),
            v_th=_scalar(0.75), v_reset=_scalar(0.0)),
        input_weights=torch.eye(NEURONS, dtype=torch.float64),
        recurrent_weights=torch.from_numpy(weights / 2.0**INPUT_FRACTION),
    ).double()
    definition = NeuronDefinition(
        **FORMATS, current=Current.JUMP, decay=Decay.EULER, scale_drive=True, reset=Reset.HARD)
    numbers = parameters(
        factor=factor(rate), current_factor=factor(1 - synaptic), threshold=state(0.75))
    sums = random_inputs(generator)
    assert compare(definition, numbers, sums, _run(cell), weights) > 1000


@pytest.mark.parametrize("seed", [0, 1])
def test_adaptive_threshold(seed: int) -> None:
    """LSNN: the current of the step before, and a threshold that has decayed when it is met."""
    generator, rate, synaptic = _rates(seed)
    slow = 1 / 64
    cell = norse.LSNNCell(norse.LSNNParameters(
        tau_syn_inv=_inverse(synaptic), tau_mem_inv=_inverse(rate), tau_adapt_inv=_inverse(slow),
        v_leak=_scalar(0.0), v_th=_scalar(0.75), v_reset=_scalar(-0.25), beta=_scalar(0.5)))
    definition = NeuronDefinition(
        **FORMATS, current=Current.OLD, decay=Decay.EULER, scale_drive=True, reset=Reset.HARD,
        adaptive=True)
    numbers = parameters(
        factor=factor(rate), current_factor=factor(1 - synaptic), threshold=state(0.75),
        reset=state(-0.25), adaptation_factor=factor(1 - slow), increment=state(0.5 * (1 - slow)))
    assert compare(definition, numbers, random_inputs(generator, 0.4), _run(cell)) > 500


def test_integrate_and_fire() -> None:
    """Nothing rounds: membranes meet the threshold exactly, and do not spike."""
    generator = np.random.default_rng(2)
    cell = norse.IAFCell(norse.IAFParameters(v_th=_scalar(1.0), v_reset=_scalar(0.0)))
    sums = generator.integers(-1, 3, (STEPS, NEURONS)) << (INPUT_FRACTION - 2)
    definition = NeuronDefinition(**FORMATS, decay=Decay.NONE, reset=Reset.HARD)
    assert compare(definition, parameters(threshold=state(1.0)), sums, _run(cell)) > 1000


@pytest.mark.parametrize("box", [False, True])
def test_leaky_integrators(box: bool) -> None:
    """Read-outs: their membranes, with and without a current."""
    generator, rate, synaptic = _rates(3)
    extra = {}
    if box:
        cell = norse.LIBoxCell(norse.LIBoxParameters(_inverse(rate), _scalar(0.0)))
    else:
        cell = norse.LICell(norse.LIParameters(_inverse(synaptic), _inverse(rate), _scalar(0.0)))
        extra = {"current_factor": factor(1 - synaptic)}
    definition = NeuronDefinition(
        **FORMATS, current=Current.NONE if box else Current.JUMP, decay=Decay.EULER,
        scale_drive=True, reset=Reset.NO_RESET)
    numbers = parameters(factor=factor(rate), threshold=state(1000.0), **extra)
    compare(definition, numbers, random_inputs(generator), _run(cell, spiking=False))
