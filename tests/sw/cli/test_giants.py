"""What declares itself gigantic is refused in a second and a gigabyte, whatever it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from sterna.machine.presets import PRESETS

SECONDS, BYTES = 1.0, 1 << 30
"""Of the processor, and of memory, more than the command takes for `sterna --version`."""
MEASURED = """
import json, resource, sys
from sterna.cli.application import run_arguments
import sterna.families.tokens.bare, sterna.families.matmul_free.import_checkpoint
import sterna.tasks.export, sterna_boards.flows.export, sterna_hw.verilog
def used():
    found = resource.getrusage(resource.RUSAGE_SELF)
    return found.ru_utime + found.ru_stime, found.ru_maxrss << 10
for arguments in json.load(sys.stdin):
    before = used()
    code = run_arguments(arguments)
    after = used()
    print(json.dumps([code, after[0] - before[0], after[1] - before[1]]))
"""


def refused(commands: list[list[str]]) -> list[str]:
    """The lines of the refusals, each within the bounds."""
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED], input=json.dumps(commands), capture_output=True,
        text=True, check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))})
    lines = ran.stderr.splitlines()
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(lines) == len(found) == len(commands), ran.stderr
    for command, line, (code, seconds, memory) in zip(commands, lines, found, strict=True):
        assert code == 2 and line.startswith("sterna: "), (command, line)
        assert seconds < SECONDS and memory < BYTES, (command, seconds, memory)
    return lines


FIELDS = ((None, "program_depth"), (None, "streams"),
          *((0, name) for name in ("constant_depth", "depth", "input_depth", "lanes", "tables",
                                   "word_bits")),
          *((2, name) for name in ("accumulator_bits", "code_depth", "columns", "rows",
                                   "weight_depth")), (4, "top_k"), (4, "head_words"))
"""Of a machine, by the place of the unit."""


def test_machines(tmp_path: Path) -> None:
    commands = []
    for unit, name in FIELDS:
        for value in (1 << 32, 1 << 40, 10**30):
            values = json.loads(PRESETS["tiny"].to_json())
            (values if unit is None else values["units"][unit])[name] = value
            path = tmp_path / f"{unit}-{name}-{value}.json"
            path.write_text(json.dumps(values))
            commands.append(["rtl", "--config", str(path), "-o", str(tmp_path / "out")])
    assert all("machine: " in line for line in refused(commands))
    assert not (tmp_path / "out").exists()


def test_checkpoints(tmp_path: Path) -> None:
    commands = []
    for name in ("num_hidden_layers", "hidden_size", "intermediate_size", "vocab_size",
                 "num_heads", "hidden_ratio"):
        for value in (10**9, 10**30):
            folder = tmp_path / f"{name}-{value}"
            folder.mkdir()
            (folder / "config.json").write_text(json.dumps({
                "model_type": "hgrn_bit", "hidden_size": 64, "num_hidden_layers": 2,
                "vocab_size": 100, name: value}))
            (folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
            commands.append(["import", str(folder), "-o", str(tmp_path / "out")])
    refused(commands)


def test_random_weights() -> None:
    refused([["program", f"random:{name}={10**12}"]
             for name in ("hidden", "layers", "intermediate", "vocabulary")])
