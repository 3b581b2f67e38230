"""Texts and addresses: prompts of any bytes, tongues that a terminal lacks, boards nowhere."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.campaign.trial import Trial, Wanted

IMPORTS = ("sterna.families.matmul_free.model", "sterna.families.tokens.run",
           "sterna.host.board_address", "serial.tools.list_ports")
_RUN = ["run", "demo-tiny", "--max-tokens", "1"]
_PARTS = (b"a", b"Once ", b"\n", b"\r\n", b"\r", b"\f", b"\v", b"\x00", b"\xc2\x85",
          b"\xef\xbb\xbf", "\u2028\u2029".encode(), "Käse 熊".encode(), "\ufffd".encode(),
          b"<s>", b"<|end|>", b" ")
_BROKEN = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f", b"caf\xe9")
_ENCODINGS = ("ascii", "cp1252", "latin-1", "utf-8", "cp437", "utf-16")
_SCHEMES = ("serial://", "tcp://", "serial:", "tcp:", "://", "usb://", "serial:///", "")
_PLACES = ("dev/ttyX", "/dev/nowhere", "host", "[::1", "[::1]:1", "host:0", "host:65536",
           "host:1_0", "host:-1", "host:", "a" * 300 + ":1", "a..b:1", "user@host:x", "",
           "/", "\x00", "é:1", "/dev/null/x", "COM\n3")
_TAILS = ("", "?baud=fast", "?baud=0", "?baud=²", "?baud=1e9", f"?baud={'9' * 5000}", "?x=1", "#x",
          "?baud=1&baud=2x", "/path", "?baud=")


def trials(draw: random.Random) -> Iterator[Trial]:
    """Without end."""
    while True:
        yield draw.choice((_prompts, _arguments, _address))(draw)


def _prompts(draw: random.Random) -> Trial:
    broken = draw.random() < 0.3
    parts = draw.choices(_PARTS, k=draw.randrange(12)) + [draw.choice(_BROKEN)] * broken
    draw.shuffle(parts)
    data, encoding = b"".join(parts), draw.choice(_ENCODINGS)
    option, file = draw.choice(("--prompt-file", "--prompts")), draw.choice(("text", "-"))

    def prepare(folder: Path) -> list[str]:
        (folder / "text").write_bytes(data)
        return [*_RUN, option, file]

    valid = not broken and data.removeprefix(b"\xef\xbb\xbf").strip()
    return Trial(f"{option} {file} of {data!r} in {encoding}", prepare,
                 Wanted.TAKEN if valid else Wanted.EITHER, stdin=data, binary=True,
                 within=_speaking(encoding), memory=1 << 31)


def _arguments(draw: random.Random) -> Trial:
    data = b"".join(draw.choices([part for part in (*_PARTS, *_BROKEN) if part != b"\0"],
                                 k=draw.randrange(1, 6)))
    encoding = draw.choice(_ENCODINGS)
    return Trial(f"--prompt {data!r} in {encoding}",
                 lambda folder: [*_RUN, "--prompt", os.fsdecode(data)], Wanted.EITHER,
                 binary=True, within=_speaking(encoding), memory=1 << 31)


def _address(draw: random.Random) -> Trial:
    address = draw.choice(_SCHEMES) + draw.choice(_PLACES) + draw.choice(_TAILS)
    return Trial(f"--device {address[:60]!r}",
                 lambda folder: ["run", "nowhere", "--device", address], seconds=2)


def _speaking(encoding: str) -> Callable[[], None]:
    """Standard output and error of another encoding."""
    def within() -> None:
        import io
        import sys

        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding,
                                      write_through=True)
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), encoding,
                                      write_through=True)

    return within
