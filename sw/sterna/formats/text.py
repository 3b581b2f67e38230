"""Text files: what a line is, and documents in one file."""

from __future__ import annotations

import codecs
import re
import sys
from pathlib import Path

from sterna.errors import InputError

DOCUMENT_SEPARATOR = "<|end|>"
STANDARD_INPUT = "-"
_LINE_END = re.compile(r"\r\n|\n|\r")
_BLANK = " \t\r\n"


def read_text(path: Path | str) -> str:
    """A UTF-8 text file, or standard input for ``-``, without a byte order mark.

    Raises `InputError` naming the file.
    """
    name = str(path)
    try:
        data = _standard_input() if name == STANDARD_INPUT else Path(path).read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: file not found") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    mark = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    try:
        return data[mark:].decode("utf-8")
    except UnicodeDecodeError as error:
        whole = "standard input" if name == STANDARD_INPUT else name
        raise InputError(f"{whole}: is not UTF-8 text (byte {mark + error.start})") from None


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise InputError("standard input: is closed; give a file, or text on a pipe")
    return sys.stdin.buffer.read()


def lines_of(text: str) -> list[str]:
    r"""Lines without their ends, which are \n, \r\n and \r: no form feed, no U+2028."""
    lines = _LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


def with_newlines(text: str) -> str:
    r"""The text with every line end as \n."""
    return _LINE_END.sub("\n", text)


def check_characters(text: str, name: str) -> None:
    """Raise `InputError` for what was no UTF-8 on the command line."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{name} is not UTF-8 text (character {error.start})") from None


def split_documents(text: str) -> list[str]:
    """Documents of a text, separated by lines that hold `<|end|>` alone.

    The line ends in front of a separator and behind it belong to the separator.
    """
    documents: list[list[str]] = [[]]
    for line in _with_ends(text):
        if line.strip(_BLANK) == DOCUMENT_SEPARATOR:
            documents.append([])
        else:
            documents[-1].append(line)
    joined = ["".join(lines) for lines in documents]
    return [*(_without_end(document) for document in joined[:-1]), joined[-1]]


def _with_ends(text: str) -> list[str]:
    places = [0, *(end.end() for end in _LINE_END.finditer(text)), len(text)]
    return [text[first:last] for first, last in zip(places, places[1:], strict=False)]


def _without_end(text: str) -> str:
    for end in ("\r\n", "\n", "\r"):
        if text.endswith(end):
            return text.removesuffix(end)
    return text
