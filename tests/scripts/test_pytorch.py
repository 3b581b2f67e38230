"""Which PyTorch the scripts install, and what they say before."""

from __future__ import annotations

import importlib.util
import json
import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def script(monkeypatch):
    """The script on a Linux machine without PyTorch, with what it would run."""
    spec = importlib.util.spec_from_file_location("pytorch", SCRIPTS / "pytorch.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.commands, module.packages = [], ["torch", "nvidia-cublas", "triton"]

    def run(command: list[str], **_: object) -> SimpleNamespace:
        module.commands.append(command)
        items = [{"metadata": {"name": name}} for name in module.packages]
        return SimpleNamespace(returncode=0, stdout=json.dumps({"install": items}))

    monkeypatch.setattr(module.subprocess, "run", run)
    monkeypatch.setattr(module, "installed", lambda: None)
    monkeypatch.setattr(sys, "platform", "linux")
    return module


def test_the_cpu_build_where_it_can_be_had(script, monkeypatch, capsys):
    monkeypatch.setattr(script, "reachable", lambda: True)
    assert script.main() == 0
    command, = script.commands
    assert command[-3:] == ["--index-url", "https://download.pytorch.org/whl/cpu", "torch==2.13.0"]
    assert "--no-deps" in command
    assert "CPU build, 0.8 GB" in capsys.readouterr().err


@pytest.mark.parametrize("packages", [["torch", "nvidia-cublas"], ["torch", "sympy"]])
def test_elsewhere_what_comes_is_said_before(script, monkeypatch, capsys, packages):
    monkeypatch.setattr(script, "reachable", lambda: False)
    script.packages = packages
    assert script.main() == 0
    assert all("--dry-run" in command for command in script.commands), "nothing is installed"
    assert ("5.5 GB" in capsys.readouterr().err) == ("nvidia-cublas" in packages)


@pytest.mark.parametrize(("system", "version"), [("darwin", None), ("win32", None),
                                                 ("linux", "2.13.0")])
def test_nothing_where_nothing_is_needed(script, monkeypatch, system, version, capsys):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(script, "installed", lambda: version)
    assert script.main() == 0 and not script.commands
    assert capsys.readouterr().err == ""


def test_whether_an_index_answers(script, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setattr(script, "INDEX", f"http://127.0.0.1:{port}")
    assert not script.reachable()


def test_the_version_is_the_pinned_one(script):
    text = (SCRIPTS / "constraints.txt").read_text()
    assert f'"torch=={script.wanted(text)}",' in (SCRIPTS.parent / "pyproject.toml").read_text()
