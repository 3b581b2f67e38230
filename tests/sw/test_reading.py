"""Files of users are read within bounds, and every fault is one line with the name."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sterna.errors import InputError
from sterna.reading import read_bytes, read_json, require_file

MOST = 1 << 20
POINTER = (b"version https://git-lfs.github.com/spec/v1\n"
           b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 9\n")


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


NO_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing": (lambda path: None, "file not found"),
    "folder": (Path.mkdir, "is a folder"),
    "pipe": (os.mkfifo, "is a pipe or a device"),
    "zeros": (lambda path: path.symlink_to("/dev/zero"), "is a pipe or a device"),
    "noise": (lambda path: path.symlink_to("/dev/urandom"), "is a pipe or a device"),
    "link to itself": (lambda path: path.symlink_to(path), "cannot be read"),
    "link to nothing": (lambda path: path.symlink_to("nowhere"), "file not found"),
    "huge": (sparse, "has "),
}


@pytest.mark.parametrize(("make", "message"), NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_file(tmp_path: Path, make: Callable[[Path], object], message: str) -> None:
    path, start = tmp_path / "file.json", time.monotonic()
    make(path)
    for read in (lambda: read_bytes(path, MOST), lambda: read_json(path, MOST)):
        with pytest.raises(InputError) as caught:
            read()
        assert str(caught.value).startswith(f"{path}: {message}")
    assert time.monotonic() - start < 1


def test_what_this_user_may_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the system tells it: whoever runs the tests may be allowed to read everything."""
    path = tmp_path / "file.json"
    path.write_text("{}")
    monkeypatch.setattr(os, "access", lambda name, mode: mode != os.R_OK)
    with pytest.raises(InputError, match=r"file.json: cannot be read \(Permission denied\)"):
        require_file(path)


@pytest.mark.parametrize("name", ["x" * 300, "x" * 5000, "a/" * 3000, "file/below", "x\0y", ""])
def test_names_that_nothing_has(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    for path in (name, tmp_path / name / "config.json"):
        with pytest.raises(InputError):
            require_file(path)


WRONG_JSON: dict[str, tuple[bytes, str]] = {
    "deep list": (b"[" * 200_000, "nested too deep"),
    "deep object": (b'{"a":' * 100_000, "nested too deep"),
    "deep and closed": (b"[" * 100_000 + b"]" * 100_000, "nested too deep"),
    "digits": (b"1" * 5000, "not valid JSON"),
    "empty": (b"", "not valid JSON"),
    "NUL": (b"\0" * 99, "not valid JSON"),
    "not UTF-8": (b'{"a": "\xff"}', "not valid JSON"),
    "cut": (b'{"a": [1, 2', "not valid JSON"),
    "list": (b"[]", "must hold a JSON object"),
    "null": (b"null", "must hold a JSON object"),
    "number": (b"NaN", "must hold a JSON object"),
    "pointer": (POINTER, "is a Git LFS pointer"),
}


@pytest.mark.parametrize(("data", "message"), WRONG_JSON.values(), ids=WRONG_JSON)
def test_json_that_is_none(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_json(path)
    assert str(caught.value).startswith(f"{path}: ") and message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_json_and_bytes_are_read(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text('{"a": [1, {"b": "ä"}]}', encoding="utf-8")
    assert read_json(tmp_path / "good.json") == {"a": [1, {"b": "ä"}]}
    assert read_bytes(str(tmp_path / "good.json"), 23) == (tmp_path / "good.json").read_bytes()
    with pytest.raises(InputError, match="has "):
        read_bytes(tmp_path / "good.json", 22)
