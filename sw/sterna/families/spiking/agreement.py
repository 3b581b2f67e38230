"""How a network's integers agree with its real numbers by ternary planes: classes and spikes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sterna.errors import InputError
from sterna.families.requests import ReportRequest
from sterna.families.spiking.classes import told_classes
from sterna.families.spiking.codes import input_codes, random_inputs
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.input_file import open_input
from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.spiking.network import RealNetwork, Reals
from sterna.families.spiking.quantise import SpikingFormats, quantise
from sterna.families.spiking.tasks import TASKS
from sterna.families.steps.inputs import RATE, TakenOptions
from sterna.families.steps.options import Seed
from sterna.law.neuron import Output
from sterna.machine.units.ternary import MOST_PLANES
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.spiking.model import SpikingModel

SAMPLES, STEPS, MOST_STEPS = 32, 50, 500
LABELLED = 200
"""Samples of a task that is known, at most."""
MOST_OUTPUTS = 1 << 22
"""Of those of a task, in all steps of all populations; of one sample there may be more."""
BY = "sum"
"""What tells the class, see `sterna.families.spiking.classes`."""


def agreement(model: SpikingModel, request: ReportRequest, network: SpikingNetwork,
              report: Report) -> dict[str, Any]:
    """A row for the network as it is, and one for each number of planes.

    The class of a sample is the output that is active most; ``differ`` is the share of spikes, of
    all populations, that are others than those of the real network. ``why`` says instead that the
    real weights are not kept; planes for which no integers can be made are ``left_out``.
    """
    if model.real is None:
        return {"why": f"{model.name} has no real weights any more: `sterna import` told what "
                       "integers change"}
    frames, labels, data = _inputs(model, request, network)
    expected = model.real.run(frames)
    classes = told_classes(expected[network.output], BY)
    rows: list[dict[str, Any]] = []
    left_out: dict[str, str] = {}
    for planes in (None, *range(1, MOST_PLANES + 1)):
        report("counting classes", planes or 0, MOST_PLANES + 1)
        try:
            made = network if planes is None else quantise(model.real, SpikingFormats(
                planes=planes, input_fraction=network.input_fraction))
        except InputError as error:  # its gains do not fit
            left_out[_told(planes)] = str(error)
            continue
        rows.append({"formats": _told(planes),
                     **_row(model.real, made, frames, expected, classes, labels)})
    found: dict[str, Any] = {"data": data, "samples": frames.shape[1], "rows": rows,
                             "left_out": left_out}
    if labels is not None:
        found["float_accuracy"] = float((classes == labels).mean())
    return found


def _told(planes: int | None) -> str:
    return "as the model is" if planes is None else f"{planes} planes" if planes > 1 else "1 plane"


def _inputs(model: SpikingModel, request: ReportRequest, network: SpikingNetwork
            ) -> tuple[Reals, np.ndarray | None, str]:
    """Frames [steps, samples, inputs], classes if there are right ones, and what both are."""
    given, seed = request.options.take(TakenOptions), request.options.take(Seed).seed
    path = given.input
    if path is not None:
        blocks, steps = [], 0
        for block in open_input(path, network.inputs, binning=given.binning(given.samples)
                                ).blocks():
            blocks.append(block)
            steps += len(block)
            if steps >= MOST_STEPS:
                break
        frames = np.concatenate(blocks)[:MOST_STEPS]
        return frames, None, f"{frames.shape[1]} samples of {path.name}"
    if model.name in TASKS:
        one, _ = TASKS[model.name](1, seed)
        outputs = len(one) * sum(item.neurons for item in network.populations)
        count = max(1, min(LABELLED, MOST_OUTPUTS // outputs))
        codes, labels = TASKS[model.name](count, seed)
        frames = np.ldexp(codes.astype(np.float64), -network.input_fraction)
        return frames, labels, f"{count} samples of its task"
    return (random_inputs(network, STEPS, SAMPLES, RATE, seed), None,
            f"{SAMPLES} samples of {STEPS} random steps")


def _row(real: RealNetwork, network: SpikingNetwork, frames: Reals, expected: dict[str, Reals],
         classes: np.ndarray, labels: np.ndarray | None) -> dict[str, float]:
    found = GoldenNetwork(network, frames.shape[1]).run(input_codes(network, frames))
    mine = told_classes(found[network.output], BY)
    spiking = [item.name for item in real.populations if item.definition.output is Output.SPIKE]
    differ = sum(int((found[name] != expected[name]).sum()) for name in spiking)
    row = {"same_class": float((mine == classes).mean()),
           "differ": differ / max(1, sum(found[name].size for name in spiking))}
    return row if labels is None else row | {"accuracy": float((mine == labels).mean())}
