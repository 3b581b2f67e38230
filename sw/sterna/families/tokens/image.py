"""What an image file holds of a language model beside its memories."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sterna.errors import InputError
from sterna.formats.generation import Generation
from sterna.formats.tokenizer import Tokenizer
from sterna.formats.vocabulary import tokenizer_of
from sterna.machine.host_side import TEXT, TOKENIZER, HostSide


@dataclass(frozen=True)
class Text:
    """How a language model reads and writes: its tokenizer, and how texts go on."""

    tokenizer: Tokenizer
    generation: Generation


def text_side(tokenizer: Path | None, generation: Generation) -> HostSide | None:
    """What goes into a language model's image; None for a model without a tokenizer."""
    if tokenizer is None:
        return None
    return HostSide(TEXT, generation.to_dict(), {TOKENIZER: tokenizer.read_bytes()})


def text_of(path: Path, side: HostSide) -> Text:
    """How the model of an image file reads and writes. Raises `InputError` for a network's."""
    if side.use != TEXT:
        raise InputError(f"{path}: is the image of a spiking network, which takes no text")
    if TOKENIZER not in side.files:
        raise InputError(f"{path}: has no {TOKENIZER}; make the image again")
    tokenizer = tokenizer_of(side.files[TOKENIZER], f"{path}, {TOKENIZER}")
    try:
        return Text(tokenizer, Generation.from_dict(side.facts))
    except InputError as error:
        raise InputError(f"{path}: {error}; make the image again") from None
