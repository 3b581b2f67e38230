"""Text in and out: the tokenizer of a model, and text that arrives token by token."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import tokenizers

from sterna.errors import InputError
from sterna.formats.panics import one_line
from sterna.formats.text import check_characters, split_documents
from sterna.reading import read_bytes, refuse_pointer

MOST_BYTES = 1 << 28
"""Of the largest tokenizer.json."""
_TRIED = "Once upon a time"
_REPLACEMENT = "\ufffd"
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_VISIBLE = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_BYTE_LEVEL = {chr(byte): byte for byte in _VISIBLE} | {
    chr(0x100 + place): byte for place, byte in enumerate(sorted({*range(256)} - {*_VISIBLE}))}
"""The byte of each character of byte-level tokens, as GPT-2 began to write them."""
_LONGEST_WINDOW, _CONTEXT = 32, 8
"""Tokens of a stream that are decoded again with the next, at most, and when it becomes shorter."""


class Tokenizer:
    """A `tokenizer.json`: byte-level or byte-fallback, as the file says.

    Special tokens written out in a text are text: `<s>` in a prompt is three characters.
    """

    def __init__(self, tokenizer: tokenizers.Tokenizer, name: str = "the tokenizer") -> None:
        self._tokenizer, self._name = tokenizer, name
        self._lock = threading.Lock()  # of how control tokens are read
        self._tokenizer.encode_special_tokens = True
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.special = {token.content: number for number, token
                        in tokenizer.get_added_tokens_decoder().items() if token.special}
        """Control tokens: ids by their text."""
        decoder = tokenizer.decoder
        self._has_bytes = decoder is not None and decoder.decode(["<0x41>"]) == "A"
        self._is_byte_level = decoder is not None and decoder.decode(["Ã©"]) == "é"

    @classmethod
    def from_file(cls, path: Path | str) -> Tokenizer:
        """Read a tokenizer.json; raises `InputError` when it is missing or damaged."""
        data = read_bytes(path, MOST_BYTES)
        refuse_pointer(path, data)
        return cls.from_bytes(data, str(path))

    @classmethod
    def from_bytes(cls, data: bytes, name: str) -> Tokenizer:
        """The contents of a tokenizer.json; raises `InputError` when they are damaged."""
        with one_line(f"{name}: is not a tokenizer"):
            made = cls(tokenizers.Tokenizer.from_buffer(data), name)
            made.decode(made.encode(_TRIED))  # some faults show only here
            return made

    @property
    def vocabulary_size(self) -> int:
        """One more than the greatest id, added tokens included."""
        return max(self._tokenizer.get_vocab(with_added_tokens=True).values(), default=-1) + 1

    def token_of(self, word: str) -> int | None:
        """The id of a token by its text, None where there is none."""
        return self._tokenizer.token_to_id(word)

    def encode(self, text: str) -> list[int]:
        """Ids of a text, without any begin or end token.

        Raises `InputError` for lone surrogates, of which no UTF-8 can be made.
        """
        check_characters(text, "the text")
        with self._lock, one_line(f"{self._name}: cannot make tokens of the text"):
            return self._tokenizer.encode(text, add_special_tokens=False).ids

    def encode_with_special(self, text: str) -> list[int]:
        """The same, but control tokens that are written out are such tokens."""
        check_characters(text, "the text")
        with self._lock, one_line(f"{self._name}: cannot make tokens of the text"):
            self._tokenizer.encode_special_tokens = False
            try:
                return self._tokenizer.encode(text, add_special_tokens=False).ids
            finally:
                self._tokenizer.encode_special_tokens = True

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids; special tokens are left out, broken UTF-8 becomes U+FFFD."""
        if not self._has_bytes:
            return self._tokenizer.decode(list(ids), skip_special_tokens=True)
        pieces = (self._tokenizer.id_to_token(token) for token in ids)
        return self._tokenizer.decoder.decode(_with_whole_characters(
            [piece for piece in pieces if piece is not None and piece not in self.special]))

    def token_bytes(self, token: int) -> bytes:
        """What a token is behind others: UTF-8 that may begin or end in a character; of a control
        token its name, of an id that is none nothing."""
        piece, decoder = self._tokenizer.id_to_token(token), self._tokenizer.decoder
        if piece is None or piece in self.special or decoder is None:
            return (piece or "").encode()
        if self._has_bytes and (byte := _BYTE.fullmatch(piece)):
            return bytes.fromhex(byte[1])
        if self._is_byte_level and _BYTE_LEVEL.keys() >= {*piece}:
            return bytes(_BYTE_LEVEL[character] for character in piece)
        return decoder.decode(["a", piece])[1:].encode()

    def stream(self, prefix: Sequence[int] = ()) -> StreamingDecoder:
        """A decoder of tokens that arrive one by one behind `prefix`, which is not repeated."""
        return StreamingDecoder(self, prefix)


def _with_whole_characters(pieces: Iterable[str]) -> list[str]:
    """Byte tokens that are no characters become those of U+FFFD, one for each cut character.

    The library's decoder takes a run of byte tokens that is not UTF-8 for as many U+FFFD.
    """
    found: list[str] = []
    for are_bytes, run in groupby(pieces, lambda piece: _BYTE.fullmatch(piece) is not None):
        if are_bytes:
            text = bytes(int(piece[3:5], 16) for piece in run).decode("utf-8", "replace")
            found += [f"<0x{byte:02X}>" for byte in text.encode()]
        else:
            found += run
    return found


_FROM_VOCABULARY = (
    "from vocab.json and merges.txt: python -c \"from tokenizers import ByteLevelBPETokenizer as "
    "T; T('vocab.json', 'merges.txt').save('tokenizer.json')\""
)
_FROM_PIECES = (
    "from tokenizer.model: pip install transformers sentencepiece protobuf; python -c \"from "
    "transformers import LlamaTokenizerFast as T; T.from_pretrained('.').save_pretrained('.')\""
)


def how_to_make_a_tokenizer(folder: Path | None = None) -> str:
    """How to make a tokenizer.json from what lies in a checkpoint's folder, or from what may."""
    ways = {_FROM_PIECES: ("tokenizer.model",), _FROM_VOCABULARY: ("vocab.json", "merges.txt")}
    there = [
        way for way, names in ways.items()
        if folder is None or all((folder / name).is_file() for name in names)
    ]
    return "; or ".join(there) or "copy the one of the tokenizer that the model was trained with"


class StreamingDecoder:
    """Turns ids into text as they come; a character is held back until it is whole.

    What comes out is, put together, what `Tokenizer.decode` makes of prefix and ids at once, behind
    the text of the prefix.
    """

    def __init__(self, tokenizer: Tokenizer, prefix: Sequence[int] = ()) -> None:
        self._tokenizer = tokenizer
        # Decoders look at the tokens before: spaces at word starts, bytes of one character.
        self._window = list(prefix)
        self._told = 0
        self._tell(tokenizer.decode(self._window))
        self._forget()

    def push(self, token: int) -> str:
        """The text that `token` completes, perhaps none."""
        self._window.append(token)
        text = self._tokenizer.decode(self._window)
        # The bytes of a character that is not whole yet are one U+FFFD, at the end.
        whole = text.removesuffix(_REPLACEMENT)
        told = self._tell(whole)
        if whole == text and len(self._window) >= _LONGEST_WINDOW:
            self._forget()
        return told

    def finish(self) -> str:
        """What is still held back, with U+FFFD for a character that never became whole."""
        return self._tell(self._tokenizer.decode(self._window))

    def _tell(self, text: str) -> str:
        told, self._told = text[self._told :], max(self._told, len(text))
        return told

    def _forget(self) -> None:
        """Keep the last tokens alone; that they differ at their start from now on does not matter,
        unless nothing is there that the next token can be behind."""
        kept = self._window[-_CONTEXT:]
        if (text := self._tokenizer.decode(kept)).strip():
            self._window, self._told = kept, len(text)


@dataclass(frozen=True)
class EncodedText:
    """A text as one stream of ids; `byte_count` counts the UTF-8 bytes of its documents."""

    ids: list[int]
    byte_count: int


def encode_documents(
    tokenizer: Tokenizer, text: str, begin: int | None, end: int | None
) -> EncodedText:
    """Encode a text: `begin` opens every document, `end` stands for every separator.

    Raises `InputError` when nothing is left to encode.
    """
    documents = split_documents(text)
    ids: list[int] = []
    byte_count = 0
    for index, document in enumerate(documents):
        if not document.strip():
            continue
        if begin is not None:
            ids.append(begin)
        ids.extend(tokenizer.encode(document))
        if end is not None and index < len(documents) - 1:
            ids.append(end)
        byte_count += len(document.encode())
    if byte_count == 0:
        raise InputError("the text is empty; give a text file with at least one word")
    return EncodedText(ids, byte_count)
