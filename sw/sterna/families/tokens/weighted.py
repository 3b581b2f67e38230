"""A language model whose weights Sterna has: its texts are as its configuration and files say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from sterna.errors import InputError
from sterna.families.tokens.image import text_side
from sterna.families.tokens.model import TokenModel
from sterna.formats.generation import Generation, read_generation
from sterna.formats.tokenizer import Tokenizer
from sterna.formats.vocabulary import read_tokenizer
from sterna.machine.host_side import HostSide


class Configured(Protocol):
    """The part of a configuration that texts depend on."""

    @property
    def vocab_size(self) -> int:
        """Token ids are below this."""
        ...

    @property
    def bos_token_id(self) -> int | None:
        """The token that opens every text."""
        ...

    @property
    def end_tokens(self) -> tuple[int, ...]:
        """Those that end a text; the first stands between documents."""
        ...


class Weights(Protocol):
    """A model's weights and what lies beside them."""

    @property
    def config(self) -> Configured:
        """Its configuration."""
        ...

    @property
    def generation(self) -> Mapping[str, Any]:
        """The settings of its generation_config.json."""
        ...

    @property
    def tokenizer_path(self) -> Path | None:
        """Its tokenizer's file."""
        ...

    @property
    def folder(self) -> Path | None:
        """Its model folder."""
        ...


W = TypeVar("W", bound=Weights)


class WeightedModel(TokenModel, Generic[W]):
    """The model with its weights, in its formats."""

    tokenizer_file = "tokenizer"
    """What a model without one has not, by its name in errors."""

    def __init__(self, name: str, model: W, sources: Sequence[Path] = (),
                 default_memory: str | None = None) -> None:
        super().__init__(name, sources)
        self.model = model
        self.default_memory = default_memory

    @property
    def vocabulary(self) -> int:
        """Token ids are below this."""
        return self.model.config.vocab_size

    @property
    def begin(self) -> int | None:
        """The begin token that opens every text, of models that have one."""
        return self.model.config.bos_token_id

    @property
    def end(self) -> int | None:
        """The token that ends a text."""
        return next(iter(self.model.config.end_tokens), None)

    @property
    def generation(self) -> Generation:
        """As its configuration and its generation_config.json say."""
        return read_generation(self.begin, self.model.config.end_tokens, self.model.generation,
                               self.vocabulary)

    def how_to_get_a_tokenizer(self) -> str:
        """The way out for whoever imported the model without one."""
        return ("put the one that the model was trained with beside the checkpoint, and import it "
                "again")

    def tokenizer(self) -> Tokenizer:
        """Its tokenizer. Raises `InputError` when it has none."""
        if self.model.tokenizer_path is None:
            way = ("its weights are random, so try: sterna verify " + self.name
                   if self.model.folder is None else self.how_to_get_a_tokenizer())
            raise InputError(f"{self.name}: the model has no {self.tokenizer_file}, so it takes no "
                             f"text; {way}")
        return read_tokenizer(self.model.tokenizer_path)

    def host_side(self) -> HostSide | None:
        """What a host needs beside a memory image; None when the model has no tokenizer."""
        return text_side(self.model.tokenizer_path, self.generation)
