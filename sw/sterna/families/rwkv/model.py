"""An RWKV that was opened, by whatever names it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

from sterna.errors import InputError
from sterna.families.random_name import RANDOM, settings
from sterna.families.rwkv.calibration import random_ids
from sterna.families.rwkv.configuration import Configuration
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv.store import load_model
from sterna.families.rwkv.version import Version
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.tokens.weighted import WeightedModel
from sterna.machine.units.ternary import MOST_PLANES
from sterna.options import MOST_SEED
from sterna.program.definition import Program
from sterna.progress import Report

DEFAULT_MEMORY = "ddr4x4-77"
MOST_VALUES = 1 << 29
"""Of the largest tensor of a random model, which is drawn whole."""


class RwkvTokens(WeightedModel[RwkvModel]):
    """The model with its weights, in its formats."""

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


def open_model(version: Version, text: str, planes: int | None, report: Report,
               calibrated: bool = True) -> RwkvTokens:
    """The model that the argument names, with so many planes if told; a random one in formats that
    suit it, unless nobody wants its numbers. Raises `InputError` when there is none."""
    if not text.startswith(RANDOM):
        model = load_model(text, version)
        sources = [Path(text)] if os.path.isdir(text) else []
        return RwkvTokens(text, _with_planes(model, planes), sources)
    return RwkvTokens(text, _drawn(version, *_asked(version, text), planes, report, calibrated))


def open_size(version: Version, size: str, seed: int, planes: int | None, report: Report,
              calibrated: bool) -> RwkvTokens:
    """Random weights of a released size, drawn when they are asked for."""
    model = _drawn(version, version.size(size), seed, planes, report, calibrated)
    return RwkvTokens(size, model, default_memory=DEFAULT_MEMORY)


def _drawn(version: Version, config: Configuration, seed: int, planes: int | None, report: Report,
           calibrated: bool) -> RwkvModel:
    model = random_model(version, config, seed)
    if calibrated:
        found = version.calibrate(model, random_ids(config), lambda done, layers: report(
            "choosing number formats", done, layers))
        model = replace(model, formats=found.formats.to_json())
    return _with_planes(model, planes)


def _with_planes(model: RwkvModel, planes: int | None) -> RwkvModel:
    if planes is None:
        return model
    formats = model.version.formats(model.formats)
    return replace(model, formats=formats.with_planes(planes).to_json())


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
