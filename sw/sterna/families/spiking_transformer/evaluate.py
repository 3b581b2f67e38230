"""What the integers change of the real numbers: spikes by population, and the classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sterna.families.requests import EvaluateRequest
from sterna.families.spiking.accuracy import accuracies, check_chosen, labelled_codes
from sterna.families.spiking.evaluate import SpikingScore
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking_transformer.builder import FRACTION
from sterna.families.spiking_transformer.normed import Places, Reals
from sterna.families.spiking_transformer.options import Samples
from sterna.families.spiking_transformer.random_model import frames, images
from sterna.families.steps.options import Labels, Seed
from sterna.law.neuron import Output
from sterna.progress import Progress, Report
from sterna.shown import Shown

if TYPE_CHECKING:
    from sterna.families.spiking_transformer.model import TransformerModel

STEPS = 4
IN_HEADS = ("q_lif", "k_lif", "v_lif", "attn_lif")
"""Populations whose channels are in heads."""


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
    """Golden against the float reference, on random images or on samples with labels."""
    options = request.options
    if options.take(Labels).data is None:
        return agreement(model, options.take(Seed).seed, options.take(Samples).samples, report)
    check_chosen(options)
    chosen = options.take(Samples).samples if "samples" in options else None
    given = labelled_codes(model.network, chosen, request, report)
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
    firing = model.version.lowering.firing
    units = {item.name: firing.attention_unit if item.name.endswith("attn_lif") else firing.unit
             for item in model.network.populations if item.definition.output is Output.SPIKE}
    heads = model.configuration.heads
    whole, layers = (_Watch(found, units, heads, forced) for forced in (False, True))
    wanted, forced = (_classes(model, given, watch) for watch in (whole, layers))
    return Agreement(
        model=model.name, samples=samples, steps=STEPS,
        same_class=float((classes.mean(0).argmax(1) == wanted.mean(0).argmax(1)).mean()),
        rms=_rms(classes, wanted), layers_rms=_rms(classes, forced),
        spikes={name: Alike(rate, alike, layers.spikes[name][1])
                for name, (rate, alike) in whole.spikes.items()},
        saturated={name: count for name, count in golden.saturated().items() if count})


def _classes(model: TransformerModel, given: Tensor, watch: _Watch | None = None) -> Reals:
    with torch.no_grad():
        return model.reference().run(given, watch).numpy()


def _rms(found: NDArray[np.floating], wanted: NDArray[np.floating]) -> float:
    return float(np.sqrt(((found - wanted)**2).mean()) / wanted.std())


class _Watch:
    """Compares the spikes of the reference, and with ``forced`` puts the integers' in their place,
    those of maps in units that fit best."""

    def __init__(self, found: Mapping[str, NDArray[np.int64]], units: Mapping[str, float],
                 heads: int, forced: bool) -> None:
        self._found, self._units, self._heads, self._forced = found, units, heads, forced
        self.spikes: dict[str, tuple[float, float]] = {}

    def __call__(self, name: str, real: Tensor) -> Tensor | None:
        other = torch.from_numpy(self._found[name]).reshape(len(real), -1, *real.shape[2:])
        groups = self._heads if name.endswith(IN_HEADS) else 1
        other = other[:, Places.of(real.shape[1], groups).at].to(real.dtype)
        unit = self._units.get(name)
        if unit is not None:
            other = other * unit
            self.spikes[name] = (float((real != 0).double().mean()),
                                 float((real == other).double().mean()))
        else:
            squares = (other * other).sum((0, 2, 3)).clamp(min=1)
            other = other * ((other * real).sum((0, 2, 3)) / squares)[:, None, None]
        return other if self._forced else None
