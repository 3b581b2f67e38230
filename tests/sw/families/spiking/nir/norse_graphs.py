"""Networks of Norse, the graphs that Norse writes of them, and what they fire."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    nir: Any = pytest.importorskip("nir")
    norse: Any = pytest.importorskip("norse.torch")
    export: Any = pytest.importorskip("norse.torch.utils.export_nir")

STEPS, INPUTS = 1000, 6
STEP = 1e-3
"""Norse's time step in seconds."""


def rate(value: float, neurons: int) -> torch.Tensor:
    """The inverse time constants of neurons that lose `value` of their state in a step."""
    return torch.full((neurons,), value / STEP, dtype=torch.float64)


def level(value: float, neurons: int) -> torch.Tensor:
    return torch.full((neurons,), value, dtype=torch.float64)


def linear(generator: np.random.Generator, inputs: int, outputs: int) -> torch.nn.Linear:
    """Weights and biases that are multiples of 1/16, which eight bits hold exactly."""
    module = torch.nn.Linear(inputs, outputs).double()
    with torch.no_grad():
        for parameter, low, high in ((module.weight, -24, 40), (module.bias, -2, 6)):
            values = generator.integers(low, high, parameter.shape) / 16
            parameter.copy_(torch.from_numpy(values))
    return module


def cell(kind: str, neurons: int, rest: float = 0.0) -> Any:
    """A cell of Norse with decays that are powers of two."""
    common = {"v_th": level(1.0, neurons), "v_leak": level(rest, neurons)}
    if kind == "LIFBox":
        return norse.LIFBoxCell(norse.LIFBoxParameters(tau_mem_inv=rate(0.25, neurons), **common))
    if kind == "LIF":
        return norse.LIFCell(norse.LIFParameters(
            tau_mem_inv=rate(0.5, neurons), tau_syn_inv=rate(0.25, neurons), **common))
    if kind == "IAF":
        return norse.IAFCell(norse.IAFParameters(v_th=level(1.5, neurons)))
    return norse.LIBoxCell(norse.LIBoxParameters(
        tau_mem_inv=rate(0.125, neurons), v_leak=level(0.0, neurons)))


def module_of(*kinds: str, rest: float = 0.0) -> Any:
    """Layers of nine cells, each behind a Linear; the last of three."""
    generator = np.random.default_rng(4)
    layers, before = [], INPUTS
    for index, kind in enumerate(kinds):
        neurons = 3 if index == len(kinds) - 1 else 9
        layers += [linear(generator, before, neurons), cell(kind, neurons, rest)]
        before = neurons
    return norse.SequentialState(*layers)


def write(module: Any, path: Path, sample: tuple[int, ...] = (INPUTS,), **options: Any) -> None:
    """The graph, by Norse's exporter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = export.to_nir(module, torch.zeros(sample, dtype=torch.float64), **options)
    nir.write(path, graph)


def frames(steps: int = STEPS) -> np.ndarray:
    return (np.random.default_rng(0).random((steps, 1, INPUTS)) < 0.3).astype(float)


def forward(module: Any, rows: np.ndarray) -> np.ndarray:
    """What Norse's module gives, [steps, 1, neurons]."""
    outputs, state = [], None
    with torch.no_grad():
        for row in rows:
            value, state = module(torch.from_numpy(row), state)
            outputs.append(value.numpy())
    return np.stack(outputs)
