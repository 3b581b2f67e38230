"""A MatMul-free language model that was opened, by whatever names it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.layout import all_tensors
from sterna.families.matmul_free.lowering import Formats, lower
from sterna.families.matmul_free.lowering.variations import variations
from sterna.families.matmul_free.names import DEFAULTS
from sterna.families.matmul_free.random_model import random_model
from sterna.families.matmul_free.store import load_model, save_model
from sterna.families.matmul_free.weights import MatMulFreeModel
from sterna.families.random_name import RANDOM, settings
from sterna.families.tokens.weighted import WeightedModel
from sterna.formats.chat import ChatTemplate
from sterna.formats.tokenizer import how_to_make_a_tokenizer
from sterna.options import MOST_SEED
from sterna.program.definition import Program
from sterna.progress import Progress
from sterna.unfinished import note, own_name, remove

if TYPE_CHECKING:
    from sterna.families.tokens.reference import Reference

DEFAULT_MEMORY = "ddr4x4-77"
WORD_BITS = (18, 16)
"""Widths of words that there are default formats for."""
MOST_VALUES = 1 << 29
"""Of the largest tensor of a random model, which is drawn whole."""


class MatMulFreeTokens(WeightedModel[MatMulFreeModel]):
    """The model with its weights."""

    tokenizer_file = "tokenizer.json"

    def __init__(self, name: str, model: MatMulFreeModel, sources: Sequence[Path] = (),
                 folder: Path | None = None,
                 default_memory: str | None = None) -> None:
        super().__init__(name, model, sources, default_memory)
        self._folder = folder

    def lower(self) -> Program:
        """The program in the number formats of the model."""
        return lower(self.model, name=self.name)

    def in_other_formats(self, ids: Sequence[int]) -> Iterable[tuple[str, Callable[[], Program]]]:
        """The defaults and steps away from them, one at a time, and formats chosen on a text."""
        for bits in WORD_BITS:
            default = Formats.default(bits)
            for name, formats in variations(default):
                known = name if formats == default else f"{bits} bits, {name}"
                yield known, partial(lower, self.model, formats)
            yield f"{bits} bits, chosen on the text", partial(self._chosen, ids, bits)

    def _chosen(self, ids: Sequence[int], bits: int) -> Program:
        from sterna.families.matmul_free.lowering.calibration import calibrate

        return lower(self.model, calibrate(self.model, ids, bits).formats)

    @property
    def chat_template(self) -> ChatTemplate | None:
        """As its folder says."""
        return self.model.chat

    def how_to_get_a_tokenizer(self) -> str:
        """Checkpoints are released without one."""
        return ("make one in the checkpoint's folder and import it again, "
                f"{how_to_make_a_tokenizer()}")

    def reference(self) -> Reference:
        """In float32, weights exactly codes times scale."""
        from sterna.families.matmul_free.conversion import float_reference

        return float_reference(self.model)

    def close(self) -> None:
        """Remove the folder of a random checkpoint."""
        if self._folder is not None:
            remove(self._folder)


def open_model(text: str, calibrated: bool = True) -> MatMulFreeTokens:
    """The model that the argument names; a random one with the formats that `import` would choose
    for it, unless nobody wants its numbers. Raises `InputError` when there is none."""
    if not text.startswith(RANDOM):
        model = load_model(text)
        return MatMulFreeTokens(text, model, [Path(text)] if os.path.isdir(text) else [])
    model = _random_model(text)
    if calibrated:
        from sterna.families.matmul_free.lowering.calibration import (
            RANDOM_MODEL_IDS,
            calibrate,
            random_ids,
        )

        ids = random_ids(model.config, RANDOM_MODEL_IDS)
        model = replace(model, formats=calibrate(model, ids).to_json())
    return MatMulFreeTokens(text, model)


def open_random(shape: str, seed: int, progress: Progress) -> MatMulFreeTokens:
    """A random checkpoint of a released shape, imported; its folder goes when it is closed."""
    from sterna.families.matmul_free.lowering.calibration import (
        RANDOM_MODEL_IDS,
        Calibration,
        random_ids,
    )
    from sterna.families.matmul_free.random_shape import random_shape

    drawn = random_shape(shape, seed)
    calibration = Calibration(drawn, random_ids(drawn.config, RANDOM_MODEL_IDS))
    folder = own_name(Path(tempfile.gettempdir()))
    note(folder)
    try:
        folder.mkdir()
        target = folder / "model"
        save_model(drawn, target, lambda done, layers: progress("importing layers", done, layers),
                   calibration)
        return MatMulFreeTokens(shape, load_model(target), folder=folder,
                                default_memory=DEFAULT_MEMORY)
    except BaseException:
        remove(folder)
        raise


def open_shape(shape: str) -> MatMulFreeTokens:
    """A model of a released shape for an estimate; nobody asks for its weights."""
    from sterna.families.matmul_free.released_shapes import released_shape

    return MatMulFreeTokens(shape, random_model(released_shape(shape), 0),
                            default_memory=DEFAULT_MEMORY)


def _random_model(text: str) -> MatMulFreeModel:
    values = settings(text, DEFAULTS)
    config = ModelConfig(
        vocab_size=values["vocabulary"],
        hidden_size=values["hidden"],
        num_hidden_layers=values["layers"],
        intermediate_size=values["intermediate"],
        bos_token_id=None,
        eos_token_id=None,
    )
    shapes = [(config.vocab_size, config.hidden_size), *all_tensors(config).values()]
    largest = max(prod(shape) for shape in shapes)
    if largest > MOST_VALUES or values["seed"] > MOST_SEED:
        raise InputError(f"{text}: its largest tensor has {largest} values, its seed is "
                         f"{values['seed']}; give at most {MOST_VALUES} and {MOST_SEED}")
    return random_model(config, values["seed"])
