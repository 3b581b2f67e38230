"""Text files: what is a line end and what is not."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from sterna.errors import InputError
from sterna.formats.text import lines_of, read_text, split_documents, with_newlines

NO_LINE_ENDS = "\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""What `str.splitlines` takes for line ends beside the real ones."""


def test_lines_end_with_line_ends_alone() -> None:
    assert len(NO_LINE_ENDS.splitlines()) == len(NO_LINE_ENDS)
    assert lines_of(f"a{NO_LINE_ENDS}b\nc\r\nd\re\n\nf") == [
        f"a{NO_LINE_ENDS}b", "c", "d", "e", "", "f"]
    assert lines_of("a\n") == ["a"] and lines_of("") == []
    assert with_newlines("a\r\nb\rc\n\u2028") == "a\nb\nc\n\u2028"


def test_documents() -> None:
    text = "one\n\ntwo\n<|end|>\nthree\n<|end|>\n"
    assert split_documents(text) == ["one\n\ntwo", "three", ""]
    assert split_documents("plain <|end|> text\n") == ["plain <|end|> text\n"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_take_their_line_ends_with_them(end: str) -> None:
    lines = ["one", "", "two", " <|end|>\t", "three", "<|end|>", "", "four", "<|end|>"]
    assert split_documents(end.join(lines)) == [
        f"one{end}{end}two", "three", f"{end}four", ""]
    for mark in NO_LINE_ENDS:
        assert split_documents(f"a{mark}<|end|>{mark}b") == [f"a{mark}<|end|>{mark}b"]


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"\xef\xbb\xbfone\xef\xbb\xbf")
    assert read_text(path) == "one\ufeff"
    path.write_bytes(b"\xef\xbb\xbfcaf\xe9")
    with pytest.raises(InputError, match=r"text: is not UTF-8 text \(byte 6\)"):
        read_text(path)


def test_bad_files(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with pytest.raises(InputError, match="file not found"):
        read_text(path)
    path.write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match=r"not UTF-8 text \(byte 3\)"):
        read_text(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_text(tmp_path)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever encoding the terminal has: texts are UTF-8.
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"caf\xc3\xa9\n"), "ascii"))
    assert read_text("-") == "café\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"caf\xe9"), "latin-1"))
    with pytest.raises(InputError, match="standard input: is not UTF-8"):
        read_text(Path("-"))
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match="standard input: is closed"):
        read_text("-")
