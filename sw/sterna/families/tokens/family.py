"""What families of language models have in common: their options, and how they are opened."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sterna_boards.options import Baud, BoardClock, BoardLanes, Weights

from sterna.families import common
from sterna.families.family import Model, ShippedModel
from sterna.families.folder import is_of
from sterna.families.random_name import random_family
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
    MeasuredText,
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
from sterna.files.manifest import Format
from sterna.options import Group, Reading
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.tokens.model import TokenModel

Options = dict[str, tuple[type[Group], ...]]
_SHAPE = (Config, Lanes, Streams, common.Snapshots)
_DEVICE = (*_SHAPE, common.Image, common.Timeout)
_ON_BOARD = (Lanes, Streams, BoardLanes, BoardClock, Weights, common.Snapshots)


def token_options(size: type[Group], *own: type[Group]) -> Options:
    """Groups by command: those of every language model, ``size``, which is in place of MODEL, and
    the family's own, which every command reads."""
    found: Options = {
        "run": (Prompt, PromptFile, Prompts, Turn, Texts, *_SHAPE, common.Saved, common.Image,
                common.Timeout),
        "chat": (Answers, *_DEVICE),
        "serve": _DEVICE,
        "load": _DEVICE,
        "verify": (size, Tokens, Config, Lanes, Streams, OutsideMemory, ChipSize,
                   common.Snapshots),
        "bench": (size, BenchTokens, LongPrompt, Config, OutsideMemory, ChipSize, common.Timeout,
                  *_ON_BOARD, Baud),
        "estimate": (size, OutsideMemory, ChipSize, *_ON_BOARD),
        "report": (*_ON_BOARD, MeasuredText),
        "sweep": _ON_BOARD,
        "build": (*_ON_BOARD, Baud),
        "rtl": (ConfigAlone, Lanes, Streams, common.Snapshots, BoardLanes, BoardClock, Baud),
        "eval": (ScoredText, Logits),
        "simulate": _SHAPE,
        "program": (Listing, Config, Lanes),
        "import": (Calibrate,),
    }
    return {command: (*groups, *own) for command, groups in found.items()}


class TokenFamily(ABC):
    """A family whose models are `TokenModel`."""

    kind = "a language model"
    plural = "language models"

    name: str
    reads: Mapping[str, str]
    imports: Mapping[str, str]
    options: Options
    """See `token_options`."""
    size: type[Any]
    """The one of them in place of MODEL: ``shape`` names a released size."""
    format: Format
    older_format = ""
    models: Mapping[str, ShippedModel]
    """Those that come with it."""
    random: tuple[str, ...]
    """Families that names of its random models say."""

    def shipped(self) -> Sequence[ShippedModel]:
        """Those that were trained here."""
        return list(self.models.values())

    def recognises(self, model: str) -> bool:
        """Whether the argument names a model of this family."""
        return (model in self.models or random_family(model) in self.random
                or is_of(Path(model), self.format, self.older_format))

    def reading(self, request: Request) -> Reading:
        """As every family of token programs."""
        return reading(request, self.options[request.command])

    def open(self, request: Request, report: Report) -> Model:
        """The model of a request, a size or a machine in its place.

        Its numbers do not matter to an estimate.
        """
        from sterna.families.tokens.bare import BareShape, config_sources

        size, calibrated = request.options.take(self.size).shape, request.command != "estimate"
        if size is not None:
            return self.open_size(size, request, calibrated, report)
        files = config_sources(request.options.take(Config).config)
        if request.model is None:
            return BareShape(files)
        opened = self.open_model(request.model, request, calibrated, report)
        opened.sources += tuple(files)
        return opened

    @abstractmethod
    def open_size(self, size: str, request: Request, calibrated: bool, report: Report
                  ) -> TokenModel:
        """Random weights of a released size."""

    @abstractmethod
    def open_model(self, model: str, request: Request, calibrated: bool, report: Report
                   ) -> TokenModel:
        """The model that an argument names. Raises `InputError` when there is none."""

    @abstractmethod
    def takes(self, source: str) -> bool:
        """Whether SRC is of this family."""

    @abstractmethod
    def import_model(self, request: ImportRequest, report: Report) -> Sequence[str]:
        """Write a model folder; returns what there is to tell, a line each."""
