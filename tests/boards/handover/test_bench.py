"""The test bench in the folder passes with both simulators, and fails where a word is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sterna.cli import application
from sterna.machine.memory import Axi
from sterna.machine.presets import PRESETS
from sterna_sim.toolchain import find_toolchain

MODEL = "random:hidden=32,layers=1,intermediate=32,vocabulary=64"
TWO_STREAMS = PRESETS["tiny"].having(memory=Axi(ports=2, bits=32), streams=2)


@pytest.fixture(scope="module", params=["tokens", "steps", "axi"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    config = folder / "axi.json"
    config.write_text(TWO_STREAMS.to_json())
    arguments = {"tokens": [MODEL, "--config", "tiny"], "steps": ["l2mu"],
                 "axi": [MODEL, "--config", str(config)]}[request.param]
    assert application.run_arguments(["rtl", *arguments, "-o", str(folder / "rtl")]) == 0
    return folder / "rtl"


def icarus(folder: Path) -> subprocess.CompletedProcess[str]:
    subprocess.run(["iverilog", "-g2012", "-o", "bench.vvp", "bench.v", "accelerator.v"],
                   cwd=folder, check=True)
    return subprocess.run(["vvp", "bench.vvp"], cwd=folder, capture_output=True, text=True)


@pytest.mark.icarus
def test_icarus_passes_and_tells_a_wrong_word(folder: Path) -> None:
    ran = icarus(folder)
    assert ran.returncode == 0 and "PASS" in ran.stdout.splitlines(), ran.stdout
    expected = folder / "expected.hex"
    right = expected.read_text()
    lines = right.splitlines()
    lines[-3] = f"{int(lines[-3], 16) ^ 1:08x}"
    expected.write_text("\n".join(lines) + "\n")
    ran = icarus(folder)
    expected.write_text(right)
    assert ran.returncode != 0 and "FAIL: words of RESULT differ" in ran.stdout


@pytest.mark.verilator
@pytest.mark.parametrize("folder", ["steps"], indirect=True)
def test_verilator_passes(folder: Path) -> None:
    tools = find_toolchain()
    subprocess.run(
        [tools.verilator, "--binary", "--timing", "-CFLAGS", "-std=gnu++20", "-MAKEFLAGS",
         "CFG_CXXFLAGS_PCH_I=-include OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0",
         "-o", "bench", "bench.v", "accelerator.v"],
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
