"""Bad input is one line on standard error and exit code 2; nothing else is printed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest
from sterna import __version__
from sterna.cli import application
from sterna.errors import CheckError

RANDOM = "random:hidden=64,layers=1,intermediate=64,vocabulary=97"


@pytest.mark.parametrize(("arguments", "message"), [
    (["nonsense"], "No such command"),
    (["run"], "give a MODEL or a --image"),
    (["run", "demo", "--nonsense"], "No such option"),
    (["run", "nowhere"], "nowhere: no such model or folder; shipped models: demo"),
    (["run", "demo", "--device", "toaster"], "toaster: no such device; give golden, emulator"),
    (["run", "demo", "--device", "serial:///dev/nowhere"], "/dev/nowhere: cannot be opened"),
    (["run", "demo", "--device", "serial:///dev/x?speed=9"], "the only option is baud"),
    (["run", "demo", "--device", "tcp://nohost"], "not an address of a board"),
    (["run", "nowhere", "--device", "serial://dev/ttyX"], "serial://dev/ttyX: between serial://"),
    (["run", "nowhere", "--device", "serial:///dev/no?baud=9"], "serial:///dev/no?baud=9: cannot"),
    (["bench", "nowhere", "--device", "tcp://host"], "tcp://host: not an address of a board"),
    (["bench", "nowhere", "--device", "toaster"], "toaster: no such device"),
    (["verify", "nowhere", "--device", "toaster"], "toaster: shows no values"),
    (["eval", "l2mu", "--device", "toaster"], "toaster: no such device"),
    (["run", "demo", "--device", "ftp://host:1"], "not an address of a board"),
    (["run", "demo", "--temperature", "-1"], "temperature is -1.0; it must be from 0 to 100"),
    (["run", "demo", "--temperature", "hot"], "Invalid value"),
    (["run", "demo", "--top-p", "0"], "top-p is 0.0"),
    (["run", "demo", "--top-k", "99"], "top-k is 99, but this device returns the"),
    (["run", "demo", "--max-tokens", "-1"], "max-tokens is -1"),
    (["run", "demo", "--config", "huge"],
     "no such preset or file; there are tiny, small, standard"),
    (["run", "demo", "--device", "sim", "--rows", "7"], "rows = 7 must be a multiple"),
    (["run", "demo", "--device", "sim", "--columns", "-8"],
     "columns is -8; it must be a whole number from 1 to 16384"),
    (["run", "demo", "--device", "sim", "--columns", "48"], "columns = 48 must be a power of two"),
    (["run", "demo", "--device", "sim", "--embedding", "cloud"], "embedding is 'cloud'"),
    (["run", RANDOM], "has no tokenizer"),
    (["verify", "random:size=9"], "'size=9' is not a setting"),
    (["verify", "random:hidden=-9"], "'hidden=-9' is not a setting"),
    (["verify", "random:hidden=0"], "hidden_size must be a whole number of at least 1"),
    (["verify", RANDOM, "--tokens", "0"], "tokens is 0"),
    (["verify", RANDOM, "--stalls", "1000"], "stalls is 1000"),
    (["verify", RANDOM, "--seed", "-1"], "seed is -1"),
    (["bench", RANDOM, "--device", "golden"], "has no clock"),
    (["bench", RANDOM, "--device", "emulator"], "device emulator: has no clock"),
    (["verify", RANDOM, "--device", "golden"], "shows no values"),
    (["bench", RANDOM, "--streams", "2", "--prompt", "0"], "prompt is 0; it must be a whole"),
    (["estimate", RANDOM, "--board", "breadboard"], "no board is called 'breadboard'; there are"),
    (["estimate", RANDOM, "--board", "ulx3s-85f", "--lanes", "many"], "lanes is 'many'"),
    (["estimate", RANDOM, "--board", "ulx3s-85f", "--lanes", "64", "--rows", "8"], "not both"),
    (["estimate", RANDOM, "--board", "ulx3s-85f", "--clock-mhz", "0"], "clock-mhz is 0.0"),
    (["estimate", "demo", "--board", "ulx3s-85f", "--weights", "sdram", "--clock-mhz", "inf"],
     "'--clock-mhz': 'inf' is not a number"),
    (["estimate", RANDOM, "--board", "ulx3s-85f", "--streams", "17"], "streams is 17"),
    (["estimate", RANDOM, "--board", "ulx3s-85f", "--texts", "2", "--streams", "2"],
     "--streams gives each token stream an engine of its own, --texts one to all; give one"),
    (["estimate", RANDOM, "--board", "ulx3s-85f", "--texts", "3"], "2 or 4 of them, not 3"),
    (["build", "demo", "--board", "ulx3s-85f", "--texts", "4", "--vector-lanes", "16",
      "-o", "somewhere"],
     "demo does not fit: 220 of 208 block RAMs"),
    (["estimate", RANDOM, "--board", "kv260", "--texts", "2"], "take weights on the chip"),
    (["estimate", "demo", "--memory", "kv260-16", "--chip-mbit", "inf"], "'inf' is not a number"),
    (["run", "demo", "--max-tokens", "1_000"], "'--max-tokens': '1_000' is not a whole number"),
    (["build", RANDOM, "--board", "ulx3s-85f", "--seeds", "0"], "seeds is 0"),
    (["bench", RANDOM, "--clock-hz", "0"], "clock-hz is 0.0"),
    (["eval", "demo", "--text", "nowhere.txt"], "nowhere.txt: file not found"),
    (["eval", "demo", "--text", "pyproject.toml", "--tokens", "0"], "tokens is 0"),
    (["eval", "demo", "--text", "pyproject.toml", "--streams", "0"], "streams is 0"),
    (["import", "nowhere", "-o", "somewhere"], "nowhere: no such folder"),
    (["import", "tests", "-o", "somewhere", "--planes", "5"],
     "--planes: is for language models of several planes and spiking networks"),
    (["import", "tests", "-o", "x", "--input-fraction", "0"], "is for spiking networks"),
    (["import", "net.nir", "-o", "somewhere", "--no-calibrate"], "is for language models"),
    (["import", "net.py:make_net", "-o", "x", "--calibrate", "nowhere"], "nowhere: file not found"),
    (["import", "net.py:make_net", "-o", "x", "--calibrate", "tests"],
     "--calibrate: is what --planes auto chooses by"),
    (["import", "net.py:make_net", "-o", "somewhere", "--dt", "0"], "--dt: is not for torch"),
    (["import", "net.py:", "-o", "somewhere"], "'' is no name of Python; say what makes the"),
    (["import", "net.py:1x", "-o", "somewhere"], "such as net.py:make_net"),
    (["run", "net.py:make_net"], "sterna import net.py:make_net -o DIR makes one of it"),
    (["rtl", "-o", "somewhere"], "give a MODEL or a --config"),
])
def test_bad_input(sterna, arguments, message):
    outcome = sterna(*arguments)
    assert outcome.code == 2
    assert message in outcome.errors
    assert outcome.errors.count("\n") == 1 and outcome.errors.startswith("sterna: ")
    assert outcome.output in ("", "Once upon a time")


def test_a_failed_check_exits_with_one(sterna, monkeypatch):
    def fail(**options: object) -> None:
        raise CheckError("they differ")

    command = application.typer.main.get_command(application.application())
    monkeypatch.setattr(command.commands["models"], "callback", fail)
    monkeypatch.setattr(application.typer.main, "get_command", lambda _: command)
    outcome = sterna("models")
    assert (outcome.code, outcome.errors) == (1, "sterna: they differ\n")


def test_a_choice_of_more_than_there_are_is_refused_before_the_prompt_is_printed(sterna):
    outcome = sterna("run", "demo-tiny", "--prompt", "Once", "--top-k", "17")
    assert outcome.code == 2 and outcome.output == ""
    assert "top-k is 17, but this device returns the 8 best" in outcome.errors
    outcome = sterna("run", "demo-tiny", "--max-tokens", "0", "--top-k", "17")
    assert outcome.code == 2 and outcome.output == "", "whether a token is made or not"


def test_an_interrupt_exits_with_130(sterna, monkeypatch):
    def interrupt(**options: object) -> None:
        raise KeyboardInterrupt

    command = application.typer.main.get_command(application.application())
    monkeypatch.setattr(command.commands["models"], "callback", interrupt)
    monkeypatch.setattr(application.typer.main, "get_command", lambda _: command)
    assert sterna("models").code == 130


def test_help_and_version(sterna):
    assert sterna().output == sterna("--help").output
    assert "verify" in sterna("--help").output
    outcome = sterna("--version")
    assert (outcome.code, outcome.output) == (0, f"sterna {__version__}\n")


# Shells start background jobs with SIGINT ignored, and tests may run in one.
INTERRUPTIBLE = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from sterna.cli import main; main()"
)


STARTING = re.compile(rb"(starting PyTorch.*\n)*")
"""Told where that takes long, every ten seconds."""


def start(*arguments: str, **options) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    code = INTERRUPTIBLE
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], env=environment, stderr=subprocess.PIPE,
        **options,
    )


def test_a_reader_that_goes_away_is_no_error():
    process = start("run", "demo", "--max-tokens", "400", stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(5)
    process.stdout.close()
    assert STARTING.fullmatch(process.stderr.read())
    process.stderr.close()
    assert process.wait(60) == 141


def test_control_c_ends_a_run_in_one_line():
    process = start("run", "demo", "--max-tokens", "100000", stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(40)
    process.send_signal(signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert STARTING.sub(b"", errors, count=1) == b"sterna: interrupted\n"
