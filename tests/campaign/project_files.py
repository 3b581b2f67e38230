"""`sterna.toml`: each of its keys with values of every kind, other keys, and what is no TOML."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.campaign.trial import OUTPUT, Trial, Wanted

IMPORTS = ("sterna.families.tokens.run", "sterna.families.steps.run",
           "sterna.families.spiking.model", "sterna_boards.catalogue", "sterna.families.reported",
           "sterna.report.on_board", "matplotlib.figure")
NAME = "sterna.toml"
VALUES = ("0", "1", "-1", "8", "16", "true", "false", "1.5", "nan", "-inf", "1e400", "0x10", "1_0",
          "9" * 30, "9" * 5000, "-0", "''", "' '", "'x'", "'auto'", "'1'", "'tiny'", "'emulator'",
          "'demo-tiny'", "'ulx3s-85f'", "'/dev/zero'", "'.'", "'" + "x" * 300 + "'", '"\\u0000"',
          '"\\n"', "[]", "{}", "[1, 2]", "{ a = 1 }", "1979-05-27", "07:32:00", "'''\nx\n'''",
          "1979-05-27T07:32:00Z", "'tcp://localhost:1'", "'é熊'")
BROKEN = ("=", "a", "[", "[[", "[a]\n[a]", "a = 1\na = 2", "a.b = 1\na = 1", "[[shape]]\nrows = 1",
          "\0", "\ufeffmodel = 'demo-tiny'", "model = 'a\n", "a = 9999-99-99", "\r", "'' = 1",
          '"" = 1', "a" * 99_999 + " = 1", "a = " + "[" * 5000, "[" + "a." * 5000 + "a]",
          "shape = { rows = 8, rows = 8 }", "shape = []", "model.x = 1", "link = {}", '"\\q" = 1',
          "#" * 999_999, "#" * (1 << 20))
COMMANDS = (["run", "--max-tokens", "1"], ["run", "demo-tiny", "--max-tokens", "1"],
            ["run", "l2mu", "--steps", "1"], ["estimate"], ["estimate", "l2mu"],
            ["program", "demo-tiny"], ["verify", "demo-tiny", "--device", "emulator", "--tokens",
                                       "1"],
            ["report", "demo-tiny", "-o", OUTPUT], ["boards", "icebreaker"], ["models"], ["--help"])


@cache
def _places() -> list[str]:
    from sterna.cli.commands import COMMANDS as ALL
    from sterna.families.registry import options_of
    from sterna.options import declared

    return sorted({item.declaration.project for request, _ in ALL
                   for item in (*declared(request), *options_of(request.command))
                   if item.declaration.project is not None})


def trials(draw: random.Random) -> Iterator[Trial]:
    """What is broken first; then a few keys with any values, without end."""
    for text in BROKEN:
        yield _trial(draw.choice(COMMANDS), text)
    for make in (os.mkfifo, os.mkdir):
        yield Trial(f"{NAME} is of {make.__name__}", lambda folder, make=make: (
            make(folder / NAME), ["program", "demo-tiny"])[1], names=(NAME,))
    while True:
        keys = draw.choices(_places(), k=draw.choice((1, 1, 2, 3)))
        yield _trial(draw.choice(COMMANDS), "".join(
            f"{key} = {draw.choice(VALUES)}\n" for key in dict.fromkeys(keys)))


def _trial(command: list[str], text: str) -> Trial:
    def prepare(folder: Path) -> list[str]:
        (folder / NAME).write_text(text)
        return list(command)

    told = " ".join(text.split())
    return Trial(f"{' '.join(command)} with {told[:120]!r}", prepare, Wanted.EITHER,
                 environment={"TORCHINDUCTOR_CACHE_DIR": "../cache"}, seconds=25, memory=1 << 32)
