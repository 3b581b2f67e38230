"""What the integers change of the real numbers: spikes by population, and the classes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sterna.families.requests import EvaluateRequest
from sterna.families.spiking.accuracy import (
    LabelledCodes,
    accuracies,
    check_chosen,
    labelled_codes,
)
from sterna.families.spiking.evaluate import SpikingScore
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking_transformer.builder import FRACTION
from sterna.families.spiking_transformer.normed import Reals
from sterna.families.spiking_transformer.options import Samples
from sterna.families.spiking_transformer.random_model import frames, images
from sterna.families.spiking_transformer.watch import Watch
from sterna.families.steps.options import Labels, Seed
from sterna.progress import Progress, Report
from sterna.shown import Shown

if TYPE_CHECKING:
    from sterna.families.spiking_transformer.model import TransformerModel

STEPS = 4
OF_TASK = 500
"""Samples, unless told."""


@dataclass(frozen=True)
class Alike:
    """Of a population: the share of neurons and steps that spike, and that do the same in both.

    ``layer``: the same where every layer is given the spikes of the integers.
    """

    rate: float
    alike: float
    layer: float


@dataclass(frozen=True, repr=False)
class Agreement(Shown):
    """``spikes`` by population; ``rms`` is that of the differences of the classes of a step, over
    their standard deviation, and ``layers_rms`` the same of layers by themselves."""

    model: str
    samples: int
    steps: int
    same_class: float
    rms: float
    layers_rms: float
    spikes: dict[str, Alike]
    saturated: dict[str, int]

    @property
    def failure(self) -> None:
        """It checks nothing."""

    def to_dict(self) -> dict[str, object]:
        return {"model": self.model, "samples": self.samples, "steps": self.steps,
                "same_class": self.same_class, "rms_of_classes": self.rms,
                "rms_of_classes_layer_by_layer": self.layers_rms, "alike": self.mean("alike"),
                "alike_layer_by_layer": self.mean("layer"),
                "spikes": {name: asdict(found) for name, found in self.spikes.items()},
                "saturated": self.saturated}

    def mean(self, kind: str) -> float:
        """Of a share, populations counted once each."""
        return float(np.mean([getattr(found, kind) for found in self.spikes.values()]))

    def text(self) -> list[str | tuple[str, object]]:
        return [("model", self.model),
                ("samples", f"{self.samples} random images of {self.steps} steps"),
                ("same class", f"{self.same_class:.1%}"),
                ("rms of classes", f"{self.rms:.4f} of their standard deviation; "
                                   f"{self.layers_rms:.4f} layer by layer"),
                ("spikes alike", f"{self.mean('alike'):.2%}; {self.mean('layer'):.2%} layer by "
                                 "layer"),
                *((name, f"{found.rate:.1%} spike, {found.alike:.2%} alike; {found.layer:.2%} "
                         "layer by layer") for name, found in self.spikes.items()),
                *((name, f"{count} neuron steps at the limit of its bits")
                  for name, count in self.saturated.items())]


def evaluate(model: TransformerModel, request: EvaluateRequest, report: Report
             ) -> Agreement | SpikingScore:
    """Golden against the float reference, on random images or on samples with labels: those of a
    file, or of the model's task."""
    options, task = request.options, model.version.tasks.get(model.name)
    seed = options.take(Seed).seed
    chosen = options.take(Samples).samples if "samples" in options else None
    if options.take(Labels).data is not None:
        check_chosen(options)
        given = labelled_codes(model.network, chosen, request, report)
    elif task is not None:
        check_chosen(options)
        given = LabelledCodes(model.network, *task(chosen or OF_TASK, seed))
    else:
        return agreement(model, seed, options.take(Samples).samples, report)
    values = accuracies(given, lambda inputs: _classes(model, frames(model.configuration, inputs)),
                        request, report)
    return SpikingScore({"model": model.name} | values, None)


def agreement(model: TransformerModel, seed: int, samples: int, report: Progress | None = None
              ) -> Agreement:
    """The same, on so many images."""
    fraction = model.network.input_fraction
    given = images(model.configuration, STEPS, samples, seed, fraction)
    codes = torch.round(given * 2.0**fraction).long().flatten(2).numpy()
    golden = GoldenNetwork(model.network, samples)
    found = golden.run(codes, report)
    classes = found[model.network.output] * 2.0**-FRACTION
    heads = model.configuration.heads
    whole, layers = (Watch(model.version, model.network, heads, found, forced)
                     for forced in (False, True))
    wanted, forced = (_classes(model, given, watch) for watch in (whole, layers))
    return Agreement(
        model=model.name, samples=samples, steps=STEPS,
        same_class=float((classes.mean(0).argmax(1) == wanted.mean(0).argmax(1)).mean()),
        rms=_rms(classes, wanted), layers_rms=_rms(classes, forced),
        spikes={name: Alike(seen.rate, seen.alike, layers.spikes[name].alike)
                for name, seen in whole.spikes.items()},
        saturated={name: count for name, count in golden.saturated().items() if count})


def _classes(model: TransformerModel, given: Tensor, watch: Watch | None = None) -> Reals:
    with torch.no_grad():
        return model.reference().run(given, watch).numpy()


def _rms(found: NDArray[np.floating], wanted: NDArray[np.floating]) -> float:
    return float(np.sqrt(((found - wanted)**2).mean()) / wanted.std())
