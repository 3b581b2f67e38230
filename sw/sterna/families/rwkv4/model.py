"""An RWKV-4 that was opened, by whatever names it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from sterna.errors import InputError
from sterna.families.random_name import RANDOM, settings
from sterna.families.rwkv4.configuration import RwkvConfig
from sterna.families.rwkv4.layout import all_tensors
from sterna.families.rwkv4.lowering import Formats, lower
from sterna.families.rwkv4.names import DEFAULTS, SIZES
from sterna.families.rwkv4.random_model import random_model
from sterna.families.rwkv4.store import load_model
from sterna.families.rwkv4.weights import RwkvModel
from sterna.families.tokens.image import text_side
from sterna.families.tokens.model import TokenModel
from sterna.formats.generation import Generation, read_generation
from sterna.formats.tokenizer import Tokenizer
from sterna.formats.vocabulary import read_tokenizer
from sterna.machine.host_side import HostSide
from sterna.options import MOST_SEED
from sterna.program.definition import Program
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.rwkv4.reference import Rwkv4

DEFAULT_MEMORY = "ddr4x4-77"
MOST_VALUES = 1 << 29
"""Of the largest tensor of a random model, which is drawn whole."""


class RwkvTokens(TokenModel):
    """The model with its weights, in its formats."""

    def __init__(self, name: str, model: RwkvModel, sources: Sequence[Path] = (),
                 default_memory: str | None = None) -> None:
        super().__init__(name, sources)
        self.model = model
        self.default_memory = default_memory

    def lower(self) -> Program:
        """The program in the number formats of the model."""
        return lower(self.model, name=self.name)

    @property
    def vocabulary(self) -> int:
        """Token ids are below this."""
        return self.model.config.vocab_size

    @property
    def begin(self) -> int | None:
        """The begin token, of models that have one."""
        return self.model.config.bos_token_id

    @property
    def end(self) -> int | None:
        """The token that ends a text."""
        return self.model.config.eos_token_id

    @property
    def generation(self) -> Generation:
        """As its configuration and its generation_config.json say."""
        ends = () if self.end is None else (self.end,)
        return read_generation(self.begin, ends, self.model.generation, self.vocabulary)

    def reference(self) -> Rwkv4:
        """In float32."""
        return module_of(self.model)

    def tokenizer(self) -> Tokenizer:
        """Its tokenizer. Raises `InputError` when it has none."""
        if self.model.tokenizer_path is None:
            way = "" if self.model.folder is None else (
                "; put the one that the model was trained with beside the checkpoint, and import "
                "it again")
            raise InputError(f"{self.name}: the model has no tokenizer, so it takes no text{way}")
        return read_tokenizer(self.model.tokenizer_path)

    def host_side(self) -> HostSide | None:
        """What a host needs beside a memory image; None when the model has no tokenizer."""
        return text_side(self.model.tokenizer_path, self.generation)


def module_of(model: RwkvModel) -> Rwkv4:
    """The PyTorch module of a model, float32."""
    import numpy as np
    import torch

    from sterna.families.rwkv4.reference import Rwkv4

    with torch.device("meta"):
        module = Rwkv4(model.config)
    module.load_state_dict(
        {key: torch.from_numpy(model.tensor(key).astype(np.float32))
         for key in all_tensors(model.config)}, assign=True)
    return module.requires_grad_(False).eval()


def open_model(text: str, planes: int | None, report: Report, calibrated: bool = True
               ) -> RwkvTokens:
    """The model that the argument names, with so many planes if told; a random one in formats that
    suit it, unless nobody wants its numbers. Raises `InputError` when there is none."""
    if not text.startswith(RANDOM):
        model = load_model(text)
        sources = [Path(text)] if os.path.isdir(text) else []
        return RwkvTokens(text, _with_planes(model, planes), sources)
    model = random_model(*_asked(text))
    if calibrated:
        model = _calibrated(model, report)
    return RwkvTokens(text, _with_planes(model, planes))


def open_shape(shape: str, seed: int, planes: int | None, report: Report, calibrated: bool
               ) -> RwkvTokens:
    """Random weights of a released size, drawn when they are asked for."""
    hidden, layers = SIZES[shape]
    model = random_model(RwkvConfig(hidden_size=hidden, num_hidden_layers=layers), seed)
    if calibrated:
        model = _calibrated(model, report)
    return RwkvTokens(shape, _with_planes(model, planes), default_memory=DEFAULT_MEMORY)


def _calibrated(model: RwkvModel, report: Report) -> RwkvModel:
    from sterna.families.rwkv4.lowering.calibration import calibrate, random_ids

    found = calibrate(model, random_ids(model.config), lambda done, layers: report(
        "choosing number formats", done, layers))
    return replace(model, formats=found.formats.to_json())


def _with_planes(model: RwkvModel, planes: int | None) -> RwkvModel:
    if planes is None:
        return model
    formats = Formats() if model.formats is None else Formats.from_json(model.formats)
    return replace(model, formats=formats.with_planes(planes).to_json())


def _asked(text: str) -> tuple[RwkvConfig, int]:
    values = settings(text, DEFAULTS)
    config = RwkvConfig(
        vocab_size=values["vocabulary"], hidden_size=values["hidden"],
        num_hidden_layers=values["layers"], intermediate_size=values["intermediate"],
        eos_token_id=None)
    largest = max(map(prod, all_tensors(config).values()))
    if largest > MOST_VALUES or values["seed"] > MOST_SEED:
        raise InputError(f"{text}: its largest tensor has {largest} values, its seed is "
                         f"{values['seed']}; give at most {MOST_VALUES} and {MOST_SEED}")
    return config, values["seed"]
