"""Text in and out: the tokenizer of a model, and text that arrives token by token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tokenizers

from sterna.errors import InputError

DOCUMENT_SEPARATOR = "<|end|>"
_REPLACEMENT = "\ufffd"
# The longest UTF-8 character has four bytes, hence at most four byte tokens.
_LONGEST_CHARACTER = 4


class Tokenizer:
    """A `tokenizer.json`: byte-level or byte-fallback, as the file says.

    Special tokens written out in a text are text: `<s>` in a prompt is three characters.
    """

    def __init__(self, tokenizer: tokenizers.Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._tokenizer.encode_special_tokens = True
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    @classmethod
    def from_file(cls, path: Path | str) -> Tokenizer:
        """Read a tokenizer.json; raises `InputError` when it is missing or damaged."""
        try:
            data = Path(path).read_bytes()
        except FileNotFoundError:
            raise InputError(f"{path}: file not found") from None
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from None
        return cls.from_bytes(data, str(path))

    @classmethod
    def from_bytes(cls, data: bytes, name: str) -> Tokenizer:
        """The contents of a tokenizer.json; raises `InputError` when they are damaged."""
        try:
            return cls(tokenizers.Tokenizer.from_buffer(data))
        except Exception as error:  # the library raises bare Exception
            detail = str(error).splitlines()[0]
            raise InputError(f"{name}: is not a tokenizer ({detail})") from None

    @property
    def vocabulary_size(self) -> int:
        """One more than the greatest id, added tokens included."""
        return max(self._tokenizer.get_vocab(with_added_tokens=True).values(), default=-1) + 1

    def encode(self, text: str) -> list[int]:
        """Ids of a text, without any begin or end token."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids; special tokens are left out, broken UTF-8 becomes U+FFFD."""
        return self._tokenizer.decode(list(ids), skip_special_tokens=True)

    def stream(self, prefix: Sequence[int] = ()) -> StreamingDecoder:
        """A decoder of tokens that arrive one by one behind `prefix`, which is not repeated."""
        return StreamingDecoder(self, prefix)


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
    """Turns ids into text as they come; a character is held back until it is whole."""

    def __init__(self, tokenizer: Tokenizer, prefix: Sequence[int] = ()) -> None:
        self._tokenizer = tokenizer
        # Decoders look at the tokens before (spaces at word starts, bytes of one character).
        self._window = list(prefix)
        self._told = len(self._window)

    def push(self, token: int) -> str:
        """The text that `token` completes, perhaps none."""
        self._window.append(token)
        return self._emit(len(self._window) - self._told >= 2 * _LONGEST_CHARACTER)

    def finish(self) -> str:
        """What is still held back, with U+FFFD for a character that never became whole."""
        return self._emit(True)

    def _emit(self, force: bool) -> str:
        before = self._tokenizer.decode(self._window[: self._told])
        now = self._tokenizer.decode(self._window)
        if now == before or (now.endswith(_REPLACEMENT) and not force):
            return ""
        # What was just told starts with a whole character: it is context enough from now on.
        self._window = self._window[self._told :]
        self._told = len(self._window)
        return now[len(before) :]


@dataclass(frozen=True)
class EncodedText:
    """A text as one stream of ids; `byte_count` counts the UTF-8 bytes of its documents."""

    ids: list[int]
    byte_count: int


def split_documents(text: str) -> list[str]:
    """Documents of a text, separated by lines that hold `<|end|>` alone.

    The line end in front of a separator belongs to the separator.
    """
    documents: list[list[str]] = [[]]
    for line in text.splitlines(keepends=True):
        if line.strip() == DOCUMENT_SEPARATOR:
            documents.append([])
        else:
            documents[-1].append(line)
    joined = ["".join(lines) for lines in documents]
    closed = [document.removesuffix("\n") for document in joined[:-1]]
    return [*closed, joined[-1]]


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


def read_text(path: Path | str) -> str:
    """Read a UTF-8 text file; raises `InputError` naming the file."""
    try:
        return Path(path).read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: file not found") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 text (byte {error.start})") from None
