"""The test bench in the folder passes with both simulators, and fails where a word is wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sterna.cli import application
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi, Sdram
from sterna.machine.presets import PRESETS
from sterna.machine.row_memory import RowsInSdram
from sterna_sim.toolchain import find_toolchain

MODEL = "random:hidden=32,layers=1,intermediate=32,vocabulary=64"
TINY = PRESETS["tiny"]
SMALLEST = "random:hidden=8,layers=1,intermediate=8,vocabulary=8"
LONG = pytest.mark.long
CASES: dict[str, tuple[Machine | None, list[str]]] = {
    "tokens": (TINY, [MODEL]), "steps": (None, ["l2mu"]),
    "axi": (TINY.having(memory=Axi(ports=2, bits=32), streams=2), [MODEL]),
    "sdram": (TINY.having(memory=Sdram(part="2m32", hz=50_000_000)), [MODEL]),
    "rows in SDRAM": (TINY.having(row_memory=RowsInSdram()), [SMALLEST]),
    "axi4-stream": (TINY, [SMALLEST, "--wrapper", "axi4-stream"]),
    "axi4-lite": (TINY, [SMALLEST, "--wrapper", "axi4-lite"]),
}


@pytest.fixture(scope="module", params=CASES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    machine, arguments = CASES[request.param]
    if machine is not None:
        config = folder / "machine.json"
        config.write_text(machine.to_json())
        arguments = [*arguments, "--config", str(config)]
    assert application.run_arguments(["rtl", *arguments, "-o", str(folder / "rtl")]) == 0
    return folder / "rtl"


def files(folder: Path) -> list[str]:
    """Those that the first lines of the bench say."""
    found = re.search(r"-o bench.vvp (.*) &&", (folder / "bench.v").read_text())
    assert found is not None
    return found[1].split()


def icarus(folder: Path) -> subprocess.CompletedProcess[str]:
    if not (folder / "bench.vvp").exists():
        subprocess.run(["iverilog", "-g2012", "-s", "bench", "-o", "bench.vvp", *files(folder)],
                       cwd=folder, check=True)
    return subprocess.run(["vvp", "bench.vvp"], cwd=folder, capture_output=True, text=True)


@pytest.mark.icarus
@pytest.mark.parametrize("folder", [
    pytest.param(name, marks=LONG) if name in ("axi", "sdram") else name for name in CASES],
    indirect=True)
def test_icarus_passes(folder: Path) -> None:
    ran = icarus(folder)
    assert ran.returncode == 0 and "PASS" in ran.stdout.splitlines(), ran.stdout


@pytest.mark.icarus
@pytest.mark.parametrize("folder", ["tokens", "steps"], indirect=True)
def test_a_wrong_word_is_told(folder: Path) -> None:
    expected = folder / "expected.hex"
    right = expected.read_text()
    lines = right.splitlines()
    lines[-3] = f"{int(lines[-3], 16) ^ 1:08x}"
    expected.write_text("\n".join(lines) + "\n")
    ran = icarus(folder)
    expected.write_text(right)
    assert ran.returncode != 0 and "FAIL: words of RESULT differ" in ran.stdout


@pytest.mark.verilator
@pytest.mark.parametrize("folder", [
    "steps", *(pytest.param(name, marks=LONG) for name in ("sdram", "axi4-stream", "axi4-lite"))],
    indirect=True)
def test_verilator_passes(folder: Path) -> None:
    tools = find_toolchain()
    subprocess.run(
        [tools.verilator, "--binary", "--timing", "--top-module", "bench", "-CFLAGS",
         "-std=gnu++20", "-MAKEFLAGS",
         "CFG_CXXFLAGS_PCH_I=-include OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0",
         "-o", "bench", *files(folder)],
        cwd=folder, check=True, env=tools.environment)
    ran = subprocess.run(["obj_dir/bench"], cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0 and "PASS" in ran.stdout.splitlines(), ran.stdout


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    """With two hash seeds, in folders of two names."""
    folders = []
    for seed in ("1", "2"):
        folders.append(tmp_path / f"of-{seed}")
        subprocess.run(
            [sys.executable, "-c",
             "import sys; from sterna.cli import main; sys.argv[0] = 'sterna'; sys.exit(main())",
             "rtl", "l2mu", "-o", str(folders[-1])], check=True,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)})
    first, second = ({path.name: path.read_bytes() for path in folder.iterdir()}
                     for folder in folders)
    assert first == second and "INTERFACE.md" in first
