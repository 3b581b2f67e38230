"""Spikes that quantisation changes, by population; of samples with labels the accuracies."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sterna.errors import InputError
from sterna.families.requests import EvaluateRequest
from sterna.families.spiking.accuracy import (
    CONFUSION,
    LabelledCodes,
    accuracies,
    check_chosen,
    labelled_codes,
)
from sterna.families.spiking.classes import confusion_lines
from sterna.families.spiking.codes import random_inputs
from sterna.families.spiking.compare import Comparison, compare_all
from sterna.families.spiking.comparison import difference_line, read_out_line
from sterna.families.spiking.tasks import TASKS
from sterna.families.steps.options import Labels, Samples, Seed
from sterna.families.steps.run import saturation_line
from sterna.progress import Report
from sterna.shown import Shown

if TYPE_CHECKING:
    from sterna.families.spiking.model import SpikingModel

STEPS, BATCH, RATE = 100, 8, 0.2


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
    check_chosen(options)
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
    values: dict[str, Any] = {"model": model.name}
    if data is not None or model.name in TASKS:
        real = model.real
        outputs = None if real is None else lambda inputs: real.run(inputs)[real.output]
        values |= accuracies(_samples(model, request, report), outputs, request, report)
    if model.real is None:
        return SpikingScore(values, None)
    frames = random_inputs(model.network, STEPS, BATCH, RATE, seed)
    return SpikingScore(values, compare_all(model.real, model.network, frames))


def _samples(model: SpikingModel, request: EvaluateRequest, report: Report) -> LabelledCodes:
    options = request.options
    if options.take(Labels).data is not None:
        chosen = options.take(Samples).samples if "samples" in options else None
        return labelled_codes(model.network, chosen, request, report)
    made = TASKS[model.name](options.take(Samples).samples, options.take(Seed).seed)
    return LabelledCodes(model.network, *made)
