"""RWKV's World vocabulary: the longest token first, bytes out, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from sterna.errors import InputError
from sterna.formats.tokenizer import Tokenizer
from sterna.formats.vocabulary import read_tokenizer, tokenizer_of
from sterna.formats.world import WorldTokenizer

WORDS: list[str | bytes] = [
    "\n\n", "the", "there", " the", "'", "\"", "'\"", "\\", "é", "鳥", b"\xe9\xb3", b"\xb3\xa5",
    "ab", "abcd", "'s"]


def lines() -> list[str]:
    """Bytes first, as in the real one, and a few words."""
    entries: list[str | bytes] = [
        chr(byte) if byte < 128 else bytes([byte]) for byte in range(256)]
    entries += [word for word in WORDS if word not in entries]
    return [f"{number} {word!r} {len(word.encode() if isinstance(word, str) else word)}"
            for number, word in enumerate(entries, 1)]


def made() -> Tokenizer:
    return tokenizer_of("\n".join(lines()).encode(), "vocab.txt")


def test_the_longest_token_comes_first() -> None:
    tokenizer = made()
    assert isinstance(tokenizer, WorldTokenizer)
    ids = tokenizer.encode("there the abcab\n\nit's 鳥")
    assert [tokenizer.token_bytes(token) for token in ids] == [
        b"there", b" the", b" ", b"ab", b"c", b"ab", b"\n\n", b"i", b"t", b"'s", b" ",
        "鳥".encode()]
    assert tokenizer.token_of("there") == ids[0] and tokenizer.token_of("nothing") is None
    assert tokenizer.vocabulary_size == len(lines()) + 1


@pytest.mark.parametrize("text", ["", "é", "The \"owl\" 'sat' \\ there\0\r\n", "鳥" * 9, "\x7f𝄞"])
def test_every_text_comes_back(text: str) -> None:
    tokenizer = made()
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.encode_with_special(text) == tokenizer.encode(text)


def test_characters_come_when_they_are_whole() -> None:
    """Cut ones become U+FFFD, and nothing behind them is lost; an id that is none is nothing."""
    tokenizer = made()
    parts = tokenizer.encode("a")
    first = next(t for t in range(1, 400) if tokenizer.token_bytes(t) == b"\xe9\xb3")
    last = next(t for t in range(1, 400) if tokenizer.token_bytes(t) == b"\xa5")
    stream = tokenizer.stream()
    assert [stream.push(token) for token in (*parts, first, last, first, *parts, 0, 9999)] == [
        "a", "", "鳥", "", "\ufffda", "", ""]
    assert stream.finish() == ""
    assert tokenizer.decode([first]) == "\ufffd"


@pytest.mark.parametrize("change, message", [
    (lambda found: found[1:], "has no token of the byte 0x00"),
    (lambda found: [*found, "999 'the' 3"], "has a word twice"),
    (lambda found: [*found, "9 'new' 3"], "line 269: there is a token 9 already"),
    (lambda found: [*found, "999 'new' 4"], "the word of token 999 has 3 bytes, not 4"),
    (lambda found: [*found, "999 '' 0"], "has 0 bytes"),
    (lambda found: [*found, "0 'new' 3"], "token 0 ends texts"),
    (lambda found: [*found, "999 new 3"], "line 269: is no id, word and length"),
    (lambda found: [*found, "999 '\\x' 1"], "is no text or bytes of Python"),
    (lambda found: [*found, "999 'a' + 'b' 2"], "is no text or bytes of Python"),
    (lambda found: [*found, "999 'a', 'b' 2"], "is no text or bytes of Python"),
    (lambda found: [*found, "999 '\\q' 2"], "is no text or bytes of Python"),
    (lambda found: [*found, "999 '\\ud800' 3"], "is no text or bytes of Python"),
    (lambda found: [*found, f"999 'a'%{'-' * 99_999}1%'b' 2"], "is no text or bytes of Python"),
    (lambda found: [*found, "٣ 'new' 3"], "is no id, word and length"),
    (lambda found: [*found, "\n" * (1 << 24)], "a vocabulary of lines has at most 17 MB"),
])
def test_wrong_lines_are_named(change, message: str) -> None:
    with pytest.raises(InputError, match=message):
        tokenizer_of("\n".join(change(lines())).encode(), "vocab.txt")


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "rwkv_vocab_v1.txt"
    path.write_bytes("\r\n".join([*lines(), ""]).encode())
    assert read_tokenizer(path).decode(made().encode("there")) == "there"
    path.write_bytes(b"1 'a' 1\n\xff")
    with pytest.raises(InputError, match="is not UTF-8"):
        read_tokenizer(path)
    path.write_bytes(b"something else")
    with pytest.raises(InputError, match="is not a tokenizer"):
        read_tokenizer(path)
