"""What is told of long work where there is no terminal."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import time

import pytest
from sterna.cli import terminal
from sterna.cli.terminal import ProgressReport
from sterna.families.requests import EstimateRequest
from sterna.progress import Report
from sterna.tasks.estimate import estimate


@pytest.fixture
def patience(monkeypatch) -> None:
    monkeypatch.setattr(terminal, "PATIENCE", 0.04)
    monkeypatch.setattr(terminal, "INTERVAL", 0.1)


def told(capsys, least: int) -> list[str]:
    """Lines, once there are so many."""
    errors, end = "", time.monotonic() + 30
    while errors.count("\n") < least and time.monotonic() < end:
        time.sleep(0.02)
        errors += capsys.readouterr().err
    return errors.splitlines()


def test_a_step_that_lasts_has_percent_and_seconds(patience, capsys) -> None:
    with ProgressReport() as report:
        report("counting", 2, 8)
        lines = told(capsys, 3)
        report("waiting", 0, 1)
        lines += told(capsys, 2)
    assert lines[0] == "counting ..." and re.fullmatch(r"counting: 25 %, \d+ s", lines[1])
    first = lines.index("waiting ...")
    assert re.fullmatch(r"waiting: \d+ s", lines[first + 1])


def test_the_time_left_is_that_of_the_parts_done_meanwhile(patience, capsys) -> None:
    """What was done before the step began took none of it."""
    with ProgressReport() as report:
        report("counting", 60, 100)
        told(capsys, 1)
        report("counting", 62, 100)
        lines = told(capsys, 1)
    found = re.fullmatch(r"counting: 62 %, (\d+) s, (\d+) s left", lines[-1])
    assert found and int(found[2]) >= 15 * int(found[1])


def test_quick_steps_and_pauses_are_silent(monkeypatch, capsys) -> None:
    monkeypatch.setattr(terminal, "PATIENCE", 30)
    with ProgressReport() as report:
        for step in range(1000):
            report(f"step {step}", 0, 1)
        report.end()
        report.note("a note")
    assert capsys.readouterr().err == "a note\n"


def test_a_step_that_ended_is_told_no_more(patience, capsys) -> None:
    with ProgressReport() as report:
        report("counting", 0, 8)
        assert told(capsys, 1)[0] == "counting ..."
        report.end()
        time.sleep(0.05)
        capsys.readouterr()
        time.sleep(0.3)
    assert capsys.readouterr().err == ""


def test_a_terminal_has_a_bar(monkeypatch) -> None:
    class Terminal(io.StringIO):
        encoding = "ascii"

        def isatty(self) -> bool:
            return True

    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with ProgressReport() as report:
        for done in range(3):
            report("counting", done, 2)
    assert "counting" in stream.getvalue() and "2/2" in stream.getvalue()
    assert stream.getvalue().isascii()


def test_the_start_of_a_slow_module_is_told() -> None:
    """Once, while it goes on; and the module is as ever."""
    found = subprocess.run([sys.executable, "-c", """
import sys
from sterna.cli.announced_import import AnnouncedImport
class Report:
    def __call__(self, step, done, parts):
        print(step, "decimal" in sys.modules)
    def end(self):
        print("end", hasattr(sys.modules["decimal"], "Decimal"))
before = list(sys.meta_path)
announced = AnnouncedImport("decimal", "starting", Report())
announced.begin()
import decimal
assert sys.meta_path == before and decimal.Decimal(1) == 1
announced.end()
"""], capture_output=True, text=True, env={"PYTHONPATH": ":".join(sys.path)})
    assert (found.stdout, found.stderr) == ("starting True\nend True\n", "")


def test_an_estimate_tells_its_steps():
    steps = []

    class Steps(Report):
        def __call__(self, step: str, done: int, parts: int) -> None:
            steps.append(step)

    estimate(EstimateRequest(model="demo-tiny", board="ulx3s-85f"), Steps())
    assert steps == ["making the program", "estimating demo-tiny"]
