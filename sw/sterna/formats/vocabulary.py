"""The tokenizer of a file, whichever of the forms that there are it has."""

from __future__ import annotations

from pathlib import Path

from sterna.formats.tokenizer import MOST_BYTES, Tokenizer
from sterna.formats.world import WorldTokenizer, is_world
from sterna.reading import read_bytes, refuse_pointer

WORLD_FILE, TOKENIZER_FILE = "rwkv_vocab.txt", "tokenizer.json"
"""What a model folder calls them."""


def read_tokenizer(path: Path | str) -> Tokenizer:
    """Read a file; raises `InputError` when it is missing or damaged."""
    data = read_bytes(path, MOST_BYTES)
    refuse_pointer(path, data)
    return tokenizer_of(data, str(path))


def tokenizer_of(data: bytes, name: str) -> Tokenizer:
    """The contents of a file; raises `InputError` when they are damaged."""
    return WorldTokenizer(data, name) if is_world(data) else Tokenizer.from_bytes(data, name)
