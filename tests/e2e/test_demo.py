"""The shipped model from the command line to the generated Verilog and back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from glob import glob
from pathlib import Path

import pytest

pytestmark = [pytest.mark.verilator, pytest.mark.slow]


# Shells start background jobs with SIGINT ignored, and tests may run in one.
INTERRUPTIBLE = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from sterna.cli import main; main()"
)


def sterna(*arguments: str, environment: dict[str, str] | None = None):
    path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.run(
        [sys.executable, "-c", "from sterna.cli import main; main()", *arguments],
        env={**os.environ, **path, **(environment or {})}, capture_output=True, text=True,
        timeout=1200,
    )


def test_golden_and_simulation_tell_the_same_story():
    arguments = ["run", "demo", "--prompt", "Once upon a time", "--prompt", "The king",
                 "--max-tokens", "12", "--temperature", "0.8", "--seed", "4"]
    golden = sterna(*arguments, "--device", "golden")
    simulated = sterna(*arguments, "--device", "sim", "--stats")
    assert (golden.returncode, simulated.returncode) == (0, 0), simulated.stderr
    assert simulated.stdout == golden.stdout
    assert len(golden.stdout) > len("Once upon a time\nThe king\n") + 20
    assert "cycles a token, engine busy" in simulated.stderr


def test_no_vector_of_the_demo_differs():
    done = sterna("verify", "demo", "--tokens", "4", "--json")
    assert done.returncode == 0, done.stderr
    values = json.loads(done.stdout)
    assert (values["tokens"], values["differences"]) == (4, 0)
    assert values["first_difference"] is None and values["vectors_compared"] > 4 * 100


def test_bench_of_the_demo():
    done = sterna("bench", "demo", "--tokens", "3", "--json")
    assert done.returncode == 0, done.stderr
    values = json.loads(done.stdout)
    assert (values["lanes"], values["differences"], values["streams"]) == (256, 0, 1)
    # No engine can be faster than its lanes, and this one is not allowed to idle much.
    assert values["roofline_cycles_per_token"] <= values["cycles_per_token"]
    assert 0.85 < values["utilisation"] <= 1
    rate = values["tokens_per_second_at_clock"] * values["cycles_per_token"]
    assert rate == pytest.approx(values["clock_hz"])


def test_control_c_while_compiling_leaves_nothing(tmp_path):
    cache = tmp_path / "cache"
    path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "STERNA_CACHE": str(cache)}
    code = INTERRUPTIBLE
    process = subprocess.Popen(
        [sys.executable, "-c", code, "bench", "demo", "--config", "tiny"],
        env={**os.environ, **path}, stderr=subprocess.PIPE, text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("compiling"):
            break
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "sterna: interrupted"
    left = [path for path in cache.rglob("*") if path.suffix in (".o", ".so", ".cpp")]
    assert not left
    commands = [Path(entry, "cmdline") for entry in glob("/proc/[0-9]*")]
    assert not [text for text in map(_text, commands) if str(cache) in text]


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""


def test_without_a_compiler_the_way_out_is_told(tmp_path):
    environment = {"CXX": "no-such-compiler", "STERNA_CACHE": str(tmp_path)}
    done = sterna("run", "demo", "--device", "sim", environment=environment)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("sterna: simulation needs a C++ compiler")
