"""How often the class of labelled samples is right: in integers, in real numbers, on a device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.common import Timeout
from sterna.families.requests import EvaluateRequest
from sterna.families.spiking.classes import BY, Numbers, confusion, told_classes
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.spiking.labelled import open_labelled
from sterna.families.spiking.lowering import lower
from sterna.families.spiking.network import Reals
from sterna.families.steps.inputs import TakenOptions, wide_enough
from sterna.families.steps.options import CheckedDevice, Config, Labels, Recordings, Rounding
from sterna.families.steps.run import run_on
from sterna.families.steps.shape import StepShape
from sterna.host.address import check_device
from sterna.options import Options
from sterna.progress import Report

CONFUSION = "confusion"
MOST_OUTPUTS = 1 << 23
"""Of samples that are run at once, all populations together."""

RealOutputs = Callable[[Reals], Numbers]
"""Of inputs [steps, samples, inputs], in real numbers: outputs [steps, samples, classes]."""


@dataclass(frozen=True)
class LabelledCodes:
    """The network that takes them, codes [steps, samples, inputs], and classes [samples]."""

    network: SpikingNetwork
    codes: NDArray[np.integer]
    labels: NDArray[np.int64]


def check_chosen(options: Options) -> None:
    """Raise `InputError` for a device that is none, and for another way to tell a class."""
    if (device := options.take(CheckedDevice).device) is not None:
        check_device(device)
    if (by := options.take(Labels).by) not in BY:
        raise InputError(f"by is {by!r}; it is {', '.join(BY)}")


def labelled_codes(network: SpikingNetwork, samples: int | None, request: EvaluateRequest,
                   report: Report) -> LabelledCodes:
    """The first so many ``samples`` of `Labels.data`, all by None.

    Raises `InputError` naming what is wrong with the file.
    """
    options = request.options
    data = options.take(Labels).data
    assert data is not None
    labelled = open_labelled(data, network.inputs, network.population(network.output).neurons,
                             options.take(Recordings).binning(samples), report)
    rounding = TakenOptions(allow_rounding=options.take(Rounding).allow_rounding)
    device = options.take(CheckedDevice).device or ""
    fixed = options.take(Config).config is not None or "://" in device
    taken = rounding.of(labelled.inputs, network, fixed, report)
    return LabelledCodes(taken.network, taken.codes, labelled.labels)


def accuracies(given: LabelledCodes, real: RealOutputs | None, request: EvaluateRequest,
               report: Report) -> dict[str, object]:
    """By their names in ``--json``; ``real`` is given what the codes stand for."""
    network, labels = given.network, given.labels
    device, by = request.options.take(CheckedDevice).device, request.options.take(Labels).by
    neurons = sum(item.neurons for item in network.populations)
    size = max(1, MOST_OUTPUTS // (len(given.codes) * neurons))
    outputs, expected = [], []
    for first in range(0, len(labels), size):
        codes = given.codes[:, first:first + size]
        outputs.append(GoldenNetwork(network, codes.shape[1]).run(codes, report)[network.output])
        if real is not None:
            inputs = np.ldexp(codes.astype(float), -network.input_fraction)
            expected.append(told_classes(real(inputs), by))
    made = np.concatenate(outputs, 1)
    found = told_classes(made, by)
    values: dict[str, object] = {"samples": len(labels)}
    if real is not None:
        wanted = np.concatenate(expected)
        values |= {"float_accuracy": float((wanted == labels).mean()),
                   "same_class": float((wanted == found).mean())}
    values |= {"golden_accuracy": float((found == labels).mean()),
               CONFUSION: confusion(labels, found, made.shape[2])}
    if device is not None:
        shape = request.options.take(StepShape)
        if shape.config is None:
            shape = replace(shape, code_bits=wide_enough(
                shape.code_bits, given.codes, lower(network)))
        computed = run_on(device, network, given.codes, shape, report,
                          timeout=request.options.take(Timeout).timeout)
        values |= {
            "device": device,
            "device_accuracy": float((told_classes(computed, by) == labels).mean()),
            "outputs_unlike_golden": int((computed != made).sum()),
        }
    return values
