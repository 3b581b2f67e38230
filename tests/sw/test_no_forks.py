"""Nothing outside a unit, a memory or a family asks what kind it has before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNITS = ("sw/sterna/machine/units/", "sw/sterna/families/", "sw/sterna/compiler/units/",
         "sw/sterna/compiler/kinds.py")
"""Where a unit or a family is, and may look at what stands beside it."""
TABLES = ("sw/sterna/machine/memory.py", "sw/sterna/machine/machine.py",
          "sw/sterna/machine/values.py", "boards/sterna_boards/board.py")
"""The names of memories: their own file, machines and their JSON, and a table of a board's
memories."""
FORBIDDEN: dict[str, tuple[str, ...]] = {
    r"isinstance\(.*[Cc]onfiguration": (),
    r"isinstance\((self\._?)?(machine|image|program),": (),
    r"\bhas\(([\"']|[A-Z]\w*\.name)": (*UNITS, "sw/sterna/machine/machine.py"),
    r"\b(memory|source)\.kind\b": TABLES,
    r"\bkind (==|!=|in) [\"'(]+(chip|axi|sdram)\b": (),
}
"""Patterns, and the files and folders where they may stand."""


def sources() -> Iterator[Path]:
    """Every module of the product."""
    for package in ("sw", "hw", "sim", "boards"):
        yield from sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_no_fork(pattern: str) -> None:
    found = []
    for path in sources():
        place = path.relative_to(ROOT).as_posix()
        if not place.startswith(FORBIDDEN[pattern]):
            found += [f"{place}:{number}: {line.strip()}" for number, line in enumerate(
                path.read_text(encoding="utf-8").splitlines(), 1) if re.search(pattern, line)]
    assert found == []
