"""RWKV's World vocabulary: a line a token: id, text or bytes as Python writes them, length.

    257 'the' 3
    258 b'\\xe2\\x80' 2

Of a text the longest token that it begins with comes first, byte by byte; every byte is a token, so
that nothing cannot be written. Tokens may begin or end within a character.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence

from sterna.errors import InputError
from sterna.formats.text import check_characters
from sterna.formats.tokenizer import StreamingDecoder, Tokenizer

_LINE = re.compile(r"([0-9]{1,7}) (b?'.*'|b?\".*\") ([0-9]{1,5})")
MOST_BYTES = 1 << 24
"""Of such a file: ten times those that there are."""
_PREFIX = 2
"""Bytes by which tokens are looked for."""


def is_world(data: bytes) -> bool:
    """Whether a file begins as such a vocabulary does."""
    first = data.partition(b"\n")[0].rstrip(b"\r")
    return _LINE.fullmatch(first.decode("utf-8", "replace")) is not None


class WorldTokenizer(Tokenizer):
    """The vocabulary of a file. Raises `InputError` naming the line that is none of a token."""

    def __init__(self, data: bytes, name: str) -> None:
        self.special: dict[str, int] = {}
        self._words = _words(data, name)
        self._ids = {word: token for token, word in self._words.items()}
        missing = [byte for byte in range(256) if bytes([byte]) not in self._ids]
        if missing or len(self._ids) < len(self._words):
            raise InputError(f"{name}: " + (f"has no token of the byte {missing[0]:#04x}" if missing
                                            else "has a word twice"))
        lengths: dict[bytes, set[int]] = {}
        for word in self._ids:
            lengths.setdefault(word[:_PREFIX], set()).add(len(word))
        self._lengths = {start: sorted(found, reverse=True) for start, found in lengths.items()}

    @property
    def vocabulary_size(self) -> int:
        """One more than the greatest id; 0, which is no word, ends a text."""
        return max(self._words) + 1

    def token_of(self, word: str) -> int | None:
        """The id of a word, None where there is none."""
        return self._ids.get(word.encode())

    def encode(self, text: str) -> list[int]:
        """Ids of a text. Raises `InputError` for lone surrogates."""
        check_characters(text, "the text")
        data, place, found = text.encode(), 0, []
        while place < len(data):
            lengths = self._lengths.get(data[place:place + _PREFIX], ())
            token = next(token for length in (*lengths, 1) if (
                token := self._ids.get(data[place:place + length])) is not None)
            found.append(token)
            place += len(self._words[token])
        return found

    def encode_with_special(self, text: str) -> list[int]:
        """The same: there are no control tokens that can be written."""
        return self.encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids; broken UTF-8 becomes U+FFFD, what is no token nothing."""
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", "replace")

    def token_bytes(self, token: int) -> bytes:
        """What a token is, of an id that is none nothing."""
        return self._words.get(token, b"")

    def stream(self, prefix: Sequence[int] = ()) -> StreamingDecoder:
        """A decoder of tokens that arrive one by one behind `prefix`, which is not repeated."""
        return StreamingDecoder(self, prefix)


def _words(data: bytes, name: str) -> dict[int, bytes]:
    if len(data) > MOST_BYTES:
        raise InputError(f"{name}: has {len(data) / 1e6:.0f} MB; a vocabulary of lines has at most "
                         f"{MOST_BYTES / 1e6:.0f} MB")
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: is not UTF-8 text (byte {error.start})") from None
    words: dict[int, bytes] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of escapes that Python does not have
        for number, line in enumerate(lines, 1):
            if line.strip():
                token, word = _entry(line.rstrip("\r"), f"{name}: line {number}")
                if token in words:
                    raise InputError(f"{name}: line {number}: there is a token {token} already")
                words[token] = word
    return words


def _entry(line: str, name: str) -> tuple[int, bytes]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise InputError(f"{name}: is no id, word and length")
    try:
        word = ast.literal_eval(match[2])
        data = word.encode() if isinstance(word, str) else word
        if not isinstance(data, bytes):  # several, with commas between them
            raise ValueError
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise InputError(f"{name}: {match[2][:40]} is no text or bytes of Python") from None
    if not data or len(data) != int(match[3]) or int(match[1]) == 0:
        raise InputError(f"{name}: the word of token {match[1]} has {len(data)} bytes, not "
                         f"{match[3]}" if int(match[1]) else f"{name}: token 0 ends texts")
    return int(match[1]), data
