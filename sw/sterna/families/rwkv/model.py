"""An RWKV that was opened, by whatever names it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sterna.errors import InputError
from sterna.families.random_name import RANDOM, settings
from sterna.families.requests import EstimateRequest
from sterna.families.rwkv.calibration import random_ids
from sterna.families.rwkv.configuration import Configuration
from sterna.families.rwkv.formats import DEFAULT_PLANES
from sterna.families.rwkv.options import Planes
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv.store import load_model
from sterna.families.rwkv.version import Version
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.tokens.weighted import WeightedModel
from sterna.machine.units.ternary import MOST_PLANES
from sterna.options import MOST_SEED
from sterna.program.definition import Program
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.family import Result

DEFAULT_MEMORY = "ddr4x4-77"
MOST_VALUES = 1 << 29
"""Of the largest tensor of a random model, which is drawn whole."""


class RwkvTokens(WeightedModel[RwkvModel]):
    """The model with its weights, in its formats."""

    chosen: tuple[str, ...] = ()
    """Matrices whose planes were chosen just now."""

    def lower(self) -> Program:
        """The program in the number formats of the model."""
        return self.model.version.lower(self.model, self.name)

    def in_other_formats(self, ids: Sequence[int]) -> Iterable[tuple[str, Callable[[], Program]]]:
        """With other planes."""
        for planes in range(1, MOST_PLANES + 1):
            other = RwkvTokens(self.name, _with_planes(self.model, planes))
            yield f"{planes} planes" if planes > 1 else "1 plane", other.lower

    def reference(self) -> Any:
        """In float32."""
        return module_of(self.model)

    def estimate(self, request: EstimateRequest, report: Report) -> Result:
        """As of every program; where planes were chosen, also what each choice brings."""
        found = super().estimate(request, report)
        if self.chosen:
            report.note(f"{_rate(found):,.1f} tokens a second; with {DEFAULT_PLANES} planes of one "
                        "matrix:")
        for done, name in enumerate(self.chosen):
            report("estimating other planes", done, len(self.chosen))
            other = RwkvTokens(self.name, _with_planes(self.model, DEFAULT_PLANES, name),
                               self.sources, self.default_memory)
            report.note(f"  {name}: {_rate(other.estimate(request, Report())):,.1f}")
        return found


def _rate(found: Result) -> float:
    rate = found.to_dict()["tokens_per_second"]
    assert isinstance(rate, float)
    return rate


def module_of(model: RwkvModel) -> Any:
    """The PyTorch module of a model, float32."""
    import numpy as np
    import torch

    with torch.device("meta"):
        module = model.version.module(model.config)
    module.load_state_dict(
        {key: torch.from_numpy(model.tensor(key).astype(np.float32))
         for key in model.version.tensors(model.config)}, assign=True)
    return module.requires_grad_(False).eval()


def open_model(version: Version, text: str, wanted: Planes | None, report: Report,
               calibrated: bool = True) -> RwkvTokens:
    """The model that the argument names, with so many planes if told; a random one in formats that
    suit it, unless nobody wants its numbers. Raises `InputError` when there is none."""
    if not text.startswith(RANDOM):
        model = load_model(text, version)
        sources = [Path(text)] if os.path.isdir(text) else []
        return _opened(text, model, wanted, report, sources)
    model = _drawn(version, *_asked(version, text), _calibrated(calibrated, wanted), report)
    return _opened(text, model, wanted, report)


def open_size(version: Version, size: str, seed: int, wanted: Planes | None, report: Report,
              calibrated: bool) -> RwkvTokens:
    """Random weights of a released size, drawn when they are asked for."""
    model = _drawn(version, version.size(size), seed, _calibrated(calibrated, wanted), report)
    return _opened(size, model, wanted, report, default_memory=DEFAULT_MEMORY)


def _calibrated(wished: bool, wanted: Planes | None) -> bool:
    """Whether numbers matter: they do where planes are chosen by them."""
    return wished or wanted is not None and wanted.auto


def _drawn(version: Version, config: Configuration, seed: int, calibrated: bool, report: Report
           ) -> RwkvModel:
    model = random_model(version, config, seed)
    if calibrated:
        found = version.calibrate(model, random_ids(config), lambda done, layers: report(
            "choosing number formats", done, layers))
        model = replace(model, formats=found.formats.to_json())
    return model


def _opened(name: str, model: RwkvModel, wanted: Planes | None, report: Report,
            sources: Sequence[Path] = (), default_memory: str | None = None) -> RwkvTokens:
    """With the planes that are wanted."""
    chosen: tuple[str, ...] = ()
    if wanted is not None and wanted.auto:
        model = _in_chosen_planes(model, wanted.planes_target, report)
        chosen = model.version.formats(model.formats).names
    elif wanted is not None and wanted.fixed is not None:
        model = _with_planes(model, wanted.fixed)
    opened = RwkvTokens(name, model, sources, default_memory)
    opened.chosen = chosen
    return opened


def _with_planes(model: RwkvModel, planes: int, *names: str) -> RwkvModel:
    """So many of these matrices, or of every one."""
    formats = model.version.formats(model.formats)
    return replace(model, formats=formats.with_planes(planes, *names).to_json())


def _in_chosen_planes(model: RwkvModel, target: float | None, report: Report) -> RwkvModel:
    """With those that keep the target on random ids, which is told."""
    from sterna.families.rwkv.precision import choose_planes, random_data

    chosen = choose_planes(model, model.version.formats(model.formats), module_of(model),
                           *random_data(model.config), target, report)
    for line in chosen.lines:
        report.note(line)
    return replace(model, formats=chosen.formats.to_json())


def _asked(version: Version, text: str) -> tuple[Configuration, int]:
    values = settings(text, version.defaults)
    try:
        config = version.asked(values)
    except InputError as error:
        raise InputError(f"{text}: {error}") from None
    largest = max(map(prod, version.tensors(config).values()))
    if largest > MOST_VALUES or values["seed"] > MOST_SEED:
        raise InputError(f"{text}: its largest tensor has {largest} values, its seed is "
                         f"{values['seed']}; give at most {MOST_VALUES} and {MOST_SEED}")
    return config, values["seed"]
