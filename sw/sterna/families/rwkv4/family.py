"""The family of RWKV-4 language models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sterna_boards.options import Baud, BoardClock, BoardLanes, Weights

from sterna.families import common
from sterna.families.family import Coverage, Model, ShippedModel
from sterna.families.folder import is_of
from sterna.families.random_name import form, random_family
from sterna.families.requests import ImportRequest, Request
from sterna.families.rwkv4.names import DEFAULTS, FORMAT, NAME, SHIPPED
from sterna.families.rwkv4.options import Planes, Size
from sterna.families.rwkv4.sources import is_checkpoint
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


class Rwkv4:
    """Language models whose matrices are of several planes, and whose tokens are averaged."""

    name = NAME
    kind = "a language model"
    plural = "language models"
    reads = {
        "a folder that `sterna import` wrote": "a model with its weights and number formats",
        form(DEFAULTS, NAME): "random weights in any shape; what is left out has these values",
    }
    imports = {
        "a file (.pth, .safetensors) of the authors' tensors":
            "an RWKV-4 as it is released; its tokenizer lies beside it",
        "a folder with config.json of model_type rwkv": "an RWKV-4 as transformers saves it",
    }
    coverage = Coverage("1 to 8, 5 unless told, with codes of one and of two digits", (
        "RWKV: Reinventing RNNs for the Transformer Era",))
    options: dict[str, tuple[type[Group], ...]] = {
        "run": (Prompt, PromptFile, Prompts, Turn, Texts, Config, Lanes, Streams, common.Snapshots,
                common.Saved, common.Image, common.Timeout, Planes),
        "chat": (Answers, Config, Lanes, Streams, common.Snapshots, common.Image, common.Timeout,
                 Planes),
        "serve": (Config, Lanes, Streams, common.Snapshots, common.Image, common.Timeout, Planes),
        "load": (Config, Lanes, Streams, common.Snapshots, common.Image, common.Timeout, Planes),
        "verify": (Size, Tokens, Config, Lanes, Streams, OutsideMemory, ChipSize,
                   common.Snapshots, Planes),
        "bench": (Size, BenchTokens, LongPrompt, Config, OutsideMemory, ChipSize, common.Timeout,
                  *_ON_BOARD, Baud, Planes),
        "estimate": (Size, OutsideMemory, ChipSize, *_ON_BOARD, Planes),
        "report": (*_ON_BOARD, Planes),
        "sweep": (*_ON_BOARD, Planes),
        "build": (*_ON_BOARD, Baud, Planes),
        "rtl": (ConfigAlone, Lanes, Streams, common.Snapshots, BoardLanes, BoardClock, Baud,
                Planes),
        "eval": (ScoredText, Logits, Planes),
        "simulate": (Config, Lanes, Streams, common.Snapshots, Planes),
        "program": (Listing, Config, Lanes, Planes),
        "import": (Calibrate, Planes),
    }

    def shipped(self) -> Sequence[ShippedModel]:
        """Those that were trained here."""
        return list(SHIPPED.values())

    def recognises(self, model: str) -> bool:
        """Whether the argument names a model of this family."""
        return (model in SHIPPED or random_family(model) == NAME
                or is_of(Path(model), FORMAT, ""))

    def reading(self, request: Request) -> Reading:
        """As every family of token programs."""
        return reading(request, self.options[request.command])

    def open(self, request: Request, report: Report) -> Model:
        """The model of a request, or a size in its place."""
        from sterna.families.rwkv4.model import open_model, open_shape
        from sterna.families.tokens.bare import config_sources

        planes, size = request.options.take(Planes).planes, request.options.take(Size).shape
        estimated = request.command == "estimate"
        if size is not None:
            return open_shape(size, getattr(request, "seed", 0), planes, report, not estimated)
        assert request.model is not None
        opened = open_model(request.model, planes, report, calibrated=not estimated)
        opened.sources += tuple(config_sources(request.options.take(Config).config))
        return opened

    def takes(self, source: str) -> bool:
        """A file of the authors', or a folder whose config.json says so."""
        return is_checkpoint(source)

    def import_model(self, request: ImportRequest, report: Report) -> Sequence[str]:
        """A checkpoint becomes a model folder."""
        from sterna.families.rwkv4.import_checkpoint import import_checkpoint

        return import_checkpoint(request, report)
