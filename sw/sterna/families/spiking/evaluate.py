"""Spikes that quantisation changes, by population; of samples with labels the accuracies."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.common import Timeout
from sterna.families.requests import EvaluateRequest
from sterna.families.spiking.classes import BY, confusion, confusion_lines, told_classes
from sterna.families.spiking.codes import random_inputs
from sterna.families.spiking.compare import Comparison, compare_all
from sterna.families.spiking.comparison import difference_line, read_out_line
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.spiking.labelled import open_labelled
from sterna.families.spiking.lowering import lower
from sterna.families.spiking.tasks import TASKS
from sterna.families.steps.inputs import TakenOptions, wide_enough
from sterna.families.steps.options import CheckedDevice, Labels, Recordings, Rounding, Samples, Seed
from sterna.families.steps.run import run_on, saturation_line
from sterna.families.steps.shape import StepShape
from sterna.host.address import check_device
from sterna.progress import Report
from sterna.shown import Shown

if TYPE_CHECKING:
    from sterna.families.spiking.model import SpikingModel

STEPS, BATCH, RATE = 100, 8, 0.2
CONFUSION = "confusion"
MOST_OUTPUTS = 1 << 23
"""Of samples that are run at once, all populations together."""


@dataclass(frozen=True, repr=False)
class SpikingScore(Shown):
    """Accuracies where there are labels, by their names in ``--json``, and what integers change.

    ``found`` is None where the real weights are not known.
    """

    values: dict[str, Any]
    found: Comparison | None

    @property
    def failure(self) -> str | None:
        """How many outputs of the device differ from the golden's."""
        count = self.values.get("outputs_unlike_golden")
        return f"{count} outputs differ from the golden" if count else None

    def to_dict(self) -> dict[str, object]:
        if self.found is None:
            return self.values
        return self.values | {
            "populations": [asdict(item) for item in self.found.differences],
            "read_outs": [asdict(item) for item in self.found.read_outs],
            "saturated": self.found.saturated,
        }

    def text(self) -> list[str | tuple[str, object]]:
        lines = [*((name, value) for name, value in self.values.items() if name != CONFUSION),
                 *confusion_lines(self.values.get(CONFUSION, []))]
        if self.found is None:
            return lines
        return [
            *lines,
            *((item.population, difference_line(item)) for item in self.found.differences),
            *((item.population, read_out_line(item)) for item in self.found.read_outs),
            *((name, saturation_line(count)) for name, count in self.found.saturated.items()),
        ]


def evaluate(model: SpikingModel, request: EvaluateRequest, report: Report) -> SpikingScore:
    """Golden against labels and real numbers; with a device also its outputs against the golden's.
    """
    options = request.options
    if (device := options.take(CheckedDevice).device) is not None:
        check_device(device)
    seed, data = options.take(Seed).seed, options.take(Labels).data
    samples = options.take(Samples).samples
    if model.real is None and data is None:
        raise InputError(
            f"{model.name}: its real weights are not kept; `sterna import` told what "
            "quantisation changed; give --data FILE, samples with labels, for its accuracy")
    if samples < 1:
        raise InputError(f"samples is {samples}; it must be at least 1")
    if seed < 0:
        raise InputError(f"seed is {seed}; it must be 0 or more")
    if options.take(Labels).by not in BY:
        raise InputError(f"by is {options.take(Labels).by!r}; it is {', '.join(BY)}")
    values: dict[str, Any] = {"model": model.name}
    if data is not None or model.name in TASKS:
        values |= _accuracies(model, _samples(model, request, report), request, report)
    if model.real is None:
        return SpikingScore(values, None)
    frames = random_inputs(model.network, STEPS, BATCH, RATE, seed)
    return SpikingScore(values, compare_all(model.real, model.network, frames))


@dataclass(frozen=True)
class _Samples:
    """The network that takes them, codes [steps, samples, inputs], and classes [samples]."""

    network: SpikingNetwork
    codes: NDArray[np.integer]
    labels: NDArray[np.int64]


def _samples(model: SpikingModel, request: EvaluateRequest, report: Report) -> _Samples:
    options, network = request.options, model.network
    data = options.take(Labels).data
    if data is None:
        made = TASKS[model.name](options.take(Samples).samples, options.take(Seed).seed)
        return _Samples(network, *made)
    chosen = options.take(Samples).samples if "samples" in options else None
    labelled = open_labelled(data, network.inputs, network.population(network.output).neurons,
                             options.take(Recordings).binning(chosen), report)
    rounding = TakenOptions(allow_rounding=options.take(Rounding).allow_rounding)
    taken = rounding.of(labelled.inputs, network, False, report)
    return _Samples(taken.network, taken.codes, labelled.labels)


def _accuracies(model: SpikingModel, given: _Samples, request: EvaluateRequest, report: Report
                ) -> dict[str, object]:
    network, labels, real = given.network, given.labels, model.real
    device, by = request.options.take(CheckedDevice).device, request.options.take(Labels).by
    neurons = sum(item.neurons for item in network.populations)
    size = max(1, MOST_OUTPUTS // (len(given.codes) * neurons))
    outputs, expected = [], []
    for first in range(0, len(labels), size):
        codes = given.codes[:, first:first + size]
        outputs.append(GoldenNetwork(network, codes.shape[1]).run(codes, report)[network.output])
        if real is not None:
            inputs = np.ldexp(codes.astype(float), -network.input_fraction)
            expected.append(told_classes(real.run(inputs)[network.output], by))
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
        shape = StepShape()
        shape = replace(shape, code_bits=wide_enough(None, given.codes, lower(network)))
        computed = run_on(device, network, given.codes, shape, report,
                          timeout=request.options.take(Timeout).timeout)
        values |= {
            "device": device,
            "device_accuracy": float((told_classes(computed, by) == labels).mean()),
            "outputs_unlike_golden": int((computed != made).sum()),
        }
    return values
