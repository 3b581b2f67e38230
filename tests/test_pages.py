"""The README and the pages: their commands and their Python run as printed, their links lead on."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(language: str) -> dict[str, str]:
    """Those of all pages, each once; by page and number."""
    found: dict[str, str] = {}
    for page in PAGES:
        texts = re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.M | re.S)
        for number, text in enumerate(texts):
            if text not in found.values():
                found[f"{page.relative_to(ROOT)}-{number}"] = text
    return found


LONG = ("sterna verify random:hidden=250,layers=2,intermediate=333,vocabulary=777 --tokens 2",)
"""Commands that do what shorter ones do, on a model of their own."""


def commands() -> list[str]:
    lines = [line for block in blocks("console").values() for line in block.splitlines()]
    return list(dict.fromkeys(line.removeprefix("$ ") for line in lines if line.startswith("$ ")))


def test_there_is_something_to_run() -> None:
    assert len(commands()) >= 16 and len(blocks("python")) >= 6 and set(LONG) <= set(commands())


@pytest.mark.slow
@pytest.mark.verilator
@pytest.mark.parametrize("command", [
    pytest.param(line, marks=pytest.mark.long) if line in LONG else line for line in commands()])
def test_command(
    command: str, sterna: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, *arguments = shlex.split(command)
    assert program == "sterna"
    monkeypatch.chdir(tmp_path)
    outcome = sterna(*arguments)
    assert outcome.code == 0, outcome.errors
    assert outcome.output.strip()


@pytest.mark.parametrize("name", blocks("python"))
def test_python(name: str, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", blocks("python")[name]], cwd=tmp_path,
        capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_is_named_is_there(page: Path) -> None:
    """Links, and paths of the project in code spans."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text)
             if "://" not in link]
    assert [link for link in links if link and not (page.parent / link).exists()] == []
    named = re.findall(r"`((?:sw|hw|sim|boards|tests|scripts|docs|findings)/[\w./-]+)`", text)
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_readme_is_short_and_leads_to_every_page() -> None:
    text = PAGES[0].read_text()
    assert len(text.splitlines()) <= 160
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert pages == set(re.findall(r"\(docs/([\w-]+\.md)\)", text))


def test_the_site_builds_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page is in it, with what the docstrings say, and fetches nothing."""
    monkeypatch.setenv("NO_MKDOCS_2_WARNING", "1")
    for scheme in ("http", "https"):
        monkeypatch.setenv(f"{scheme}_proxy", "http://127.0.0.1:9")
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    html = {path.relative_to(tmp_path).as_posix(): path.read_text()
            for path in tmp_path.rglob("*.html")}
    for page in PAGES[1:]:
        assert page.relative_to(ROOT / "docs").with_suffix(".html").as_posix() in html
    assert "max_tokens" in html["reference/python.html"]
    loaded = r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"?(https?:[^\s\">]+)"
    assert [found for text in html.values() for found in re.findall(loaded, text)
            if "canonical" not in found] == []
