"""The family of MatMul-free language models."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sterna_boards.options import Baud, BoardClock, BoardLanes, Weights

from sterna.families import common
from sterna.families.family import Coverage, Model, ShippedModel
from sterna.families.folder import is_of
from sterna.families.matmul_free.names import DEFAULTS, FORMAT, NAME, OLDER_FORMAT, SHIPPED
from sterna.families.matmul_free.options import Size
from sterna.families.random_name import form, random_family
from sterna.families.requests import ImportRequest, Request
from sterna.families.tokens.options import (
    Answers,
    BenchTokens,
    Calibrate,
    ChipSize,
    Config,
    ConfigAlone,
    Lanes,
    Listing,
    Logits,
    LongPrompt,
    OutsideMemory,
    Prompt,
    PromptFile,
    Prompts,
    ScoredText,
    Streams,
    Texts,
    Tokens,
    Turn,
)
from sterna.families.tokens.reading import reading
from sterna.options import Group, Reading
from sterna.progress import Report

_ON_BOARD = (Lanes, Streams, BoardLanes, BoardClock, Weights, common.Snapshots)


class MatMulFree:
    """Language models whose matrices are ternary and whose tokens are mixed by a recurrence."""

    name = NAME
    kind = "a language model"
    plural = "language models"
    reads = {
        "a folder that `sterna import` wrote": "a model with its weights and number formats",
        form(DEFAULTS): "random weights in any shape; what is left out has these values",
    }
    imports = {"a folder with config.json and model.safetensors":
               "a released checkpoint of a MatMul-free LM (Hugging Face)"}
    coverage = Coverage("1", (
        "Scalable MatMul-free Language Modeling", "MatMul-free LLM on Loihi 2"))
    options: dict[str, tuple[type[Group], ...]] = {
        "run": (Prompt, PromptFile, Prompts, Turn, Texts, Config, Lanes, Streams, common.Snapshots,
                common.Saved, common.Image, common.Timeout),
        "chat": (Answers, Config, Lanes, Streams, common.Snapshots, common.Image, common.Timeout),
        "serve": (Config, Lanes, Streams, common.Snapshots, common.Image, common.Timeout),
        "load": (Config, Lanes, Streams, common.Snapshots, common.Image, common.Timeout),
        "verify": (Size, Tokens, Config, Lanes, Streams, OutsideMemory, ChipSize,
                   common.Snapshots),
        "bench": (Size, BenchTokens, LongPrompt, Config, OutsideMemory, ChipSize, common.Timeout,
                  *_ON_BOARD, Baud),
        "estimate": (Size, OutsideMemory, ChipSize, *_ON_BOARD),
        "report": _ON_BOARD,
        "sweep": _ON_BOARD,
        "build": (*_ON_BOARD, Baud),
        "rtl": (ConfigAlone, Lanes, Streams, common.Snapshots, BoardLanes, BoardClock, Baud),
        "eval": (ScoredText, Logits),
        "simulate": (Config, Lanes, Streams, common.Snapshots),
        "program": (Listing, Config, Lanes),
        "import": (Calibrate,),
    }

    def shipped(self) -> Sequence[ShippedModel]:
        """The two demos."""
        return list(SHIPPED.values())

    def recognises(self, model: str) -> bool:
        """Whether the argument names a model of this family."""
        return (model in SHIPPED or random_family(model) in ("", NAME)
                or is_of(Path(model), FORMAT, OLDER_FORMAT))

    def reading(self, request: Request) -> Reading:
        """As every family of token programs."""
        return reading(request, self.options[request.command])

    def open(self, request: Request, report: Report) -> Model:
        """The model of a request, a size or a machine in its place."""
        from sterna.families.matmul_free.model import open_model, open_random, open_shape
        from sterna.families.tokens.bare import BareShape, config_sources

        size, estimated = request.options.take(Size).shape, request.command == "estimate"
        if size is not None:
            seed = getattr(request, "seed", 0)
            return open_shape(size) if estimated else open_random(size, seed, report)
        files = config_sources(request.options.take(Config).config)
        if request.model is None:
            return BareShape(files)
        opened = open_model(request.model, calibrated=not estimated)
        opened.sources += tuple(files)
        return opened

    def takes(self, source: str) -> bool:
        """Whether the argument is a folder that is no model yet, nor named like a graph."""
        return os.path.isdir(source)

    def import_model(self, request: ImportRequest, report: Report) -> Sequence[str]:
        """A released checkpoint becomes a model folder."""
        from sterna.families.matmul_free.import_checkpoint import import_checkpoint

        return import_checkpoint(request, report)
