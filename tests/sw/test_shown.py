"""Results show themselves: as text, JSON and HTML."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest
from sterna.shown import Shown

ROOT = Path(__file__).parents[2] / "sw" / "sterna"


@dataclass(frozen=True, repr=False)
class Found(Shown):
    wrong: str | None = None

    @property
    def failure(self) -> str | None:
        return self.wrong

    def to_dict(self) -> dict[str, object]:
        return {"a": 1, "b": [2]}

    def text(self) -> list[str | tuple[str, object]]:
        return [] if self.wrong == "" else ["a line of <tags>", ("name", "a & b"), ("n", 2)]


def test_as_text():
    assert repr(Found()) == "Found\n  a line of <tags>\n  name  a & b\n  n     2"
    assert repr(Found("broken")).endswith("\n  failed  broken")


def test_without_text_all_values():
    class Silent(Found):
        def text(self) -> list[str | tuple[str, object]]:
            return []

    assert repr(Silent()) == "Silent\n  a  1\n  b  [2]"


def test_as_json_and_html():
    assert Found().to_json() == '{"a": 1, "b": [2]}'
    html = Found()._repr_html_()
    assert "a line of &lt;tags&gt;" in html and "a &amp; b" in html and "<tags>" not in html


def results() -> list[tuple[str, ast.ClassDef]]:
    """Every class that has what a result has."""
    found = []
    for folder in ("families", "tasks", "api"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    has = {item.name: len(item.args.args) for item in node.body
                           if isinstance(item, ast.FunctionDef)}
                    if has.get("to_dict") == has.get("text") == 1:
                        found.append((path.name, node))
    return found


@pytest.mark.parametrize(("file", "node"), results(), ids=lambda item: getattr(item, "name", item))
def test_every_result_shows_itself(file, node):
    bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
    assert bases & {"Shown", "Protocol"}, file
    if "Shown" in bases:
        assert "repr=False" in ast.unparse(node.decorator_list[0])
