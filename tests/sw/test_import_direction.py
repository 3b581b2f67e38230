"""Who may import whom: faces over tasks over families, compiler and host, down to the law."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "sw" / "sterna"
ALLOWED = {
    "law": {"errors"},
    "program": {"errors", "law"},
    "machine": {"errors", "law", "reading", "unfinished"},
    "golden": {"errors", "law", "machine", "program"},
    "compiler": {"errors", "law", "machine", "program"},
}
"""What a package may import of `sterna` beside itself."""
FOREIGN = ("sterna_hw", "sterna_sim", "sterna_boards", "amaranth")
WITHOUT_TORCH = ("law", "program", "machine", "compiler")


def imported(package: str) -> Iterator[tuple[str, str]]:
    """Every import of a package, those within functions too: file and module."""
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path.name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield path.name, node.module or "."


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_go_down(package: str) -> None:
    found = list(imported(package))
    assert found
    allowed = ALLOWED[package] | {package}
    wrong = [(name, module) for name, module in found
             if module.startswith("sterna.") and module.split(".")[1] not in allowed
             or module.split(".")[0] in FOREIGN]
    assert wrong == []


@pytest.mark.parametrize("package", WITHOUT_TORCH)
def test_what_needs_no_torch(package: str) -> None:
    assert [name for name, module in imported(package) if module.split(".")[0] == "torch"] == []
