"""Spikes that quantisation changes, by population; for a network with a task the accuracies."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sterna.errors import InputError
from sterna.families.common import Timeout
from sterna.families.requests import EvaluateRequest
from sterna.families.spiking.codes import random_inputs
from sterna.families.spiking.compare import Comparison, compare_all
from sterna.families.spiking.comparison import difference_line, read_out_line
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.names import TRAINED
from sterna.families.spiking.network import RealNetwork
from sterna.families.spiking.patterns import burst_orders
from sterna.families.steps.options import CheckedDevice, Samples, Seed
from sterna.families.steps.run import run_on, saturation_line
from sterna.families.steps.shape import StepShape
from sterna.host.address import check_device
from sterna.progress import Report
from sterna.shown import Shown

if TYPE_CHECKING:
    from sterna.families.spiking.model import SpikingModel

STEPS, BATCH, RATE = 100, 8, 0.2


@dataclass(frozen=True, repr=False)
class SpikingScore(Shown):
    """Accuracies where there is a task, by their names in ``--json``, and what integers change."""

    values: dict[str, Any]
    found: Comparison

    @property
    def failure(self) -> str | None:
        """How many outputs of the device differ from the golden's."""
        count = self.values.get("outputs_unlike_golden")
        return f"{count} outputs differ from the golden" if count else None

    def to_dict(self) -> dict[str, object]:
        return self.values | {
            "populations": [asdict(item) for item in self.found.differences],
            "read_outs": [asdict(item) for item in self.found.read_outs],
            "saturated": self.found.saturated,
        }

    def text(self) -> list[str | tuple[str, object]]:
        return [
            *self.values.items(),
            *((item.population, difference_line(item)) for item in self.found.differences),
            *((item.population, read_out_line(item)) for item in self.found.read_outs),
            *((name, saturation_line(count)) for name, count in self.found.saturated.items()),
        ]


def evaluate(model: SpikingModel, request: EvaluateRequest, report: Report) -> SpikingScore:
    """Golden against real numbers; with a device also its outputs against the golden's."""
    options = request.options
    if (device := options.take(CheckedDevice).device) is not None:
        check_device(device)
    samples, seed = options.take(Samples).samples, options.take(Seed).seed
    if model.real is None:
        raise InputError(
            f"{model.name}: its real weights are not kept; `sterna import` told what "
            "quantisation changed")
    if samples < 1:
        raise InputError(f"samples is {samples}; it must be at least 1")
    if seed < 0:
        raise InputError(f"seed is {seed}; it must be 0 or more")
    values: dict[str, Any] = {"model": model.name}
    if model.name == TRAINED:
        values |= _accuracies(model, model.real, samples, seed, request, report)
    frames = random_inputs(model.network, STEPS, BATCH, RATE, seed)
    return SpikingScore(values, compare_all(model.real, model.network, frames))


def _accuracies(model: SpikingModel, real: RealNetwork, samples: int, seed: int,
                request: EvaluateRequest, report: Report) -> dict[str, object]:
    spikes, labels = burst_orders(samples, seed)
    network, device = model.network, request.options.take(CheckedDevice).device
    expected = real.run(spikes.astype(float))[network.output].sum(0).argmax(1)
    outputs = GoldenNetwork(network, samples).run(spikes, report)[network.output]
    found = outputs.sum(0).argmax(1)
    values: dict[str, object] = {
        "samples": samples,
        "float_accuracy": float((expected == labels).mean()),
        "golden_accuracy": float((found == labels).mean()),
        "same_class": float((expected == found).mean()),
    }
    if device is not None:
        computed = run_on(device, network, spikes, StepShape(), report,
                          timeout=request.options.take(Timeout).timeout)
        values |= {
            "device": device,
            "device_accuracy": float((computed.sum(0).argmax(1) == labels).mean()),
            "outputs_unlike_golden": int((computed != outputs).sum()),
        }
    return values
