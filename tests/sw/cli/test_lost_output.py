"""A result that nobody got is no success; standard error may go where it likes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TextIO

import pytest
from sterna.cli import application

from tests.boards.fake_tools import FakeTools

COMMANDS = {
    "run": ["run", "cubalif", "--steps", "2", "-o", "made.npz"],
    "verify": ["verify", "cubalif", "--device", "emulator", "--steps", "2"],
    "estimate": ["estimate", "cubalif", "--board", "ulx3s-85f"],
    "report": ["report", "cubalif", "--board", "ulx3s-85f", "-o", "made"],
    "sweep": ["sweep", "cubalif", "--board", "ulx3s-85f", "--trials", "1", "--workers", "1", "-o",
              "made"],
    "program": ["program", "cubalif"],
    "rtl": ["rtl", "cubalif", "-o", "made"],
    "build": ["build", "cubalif", "--board", "ulx3s-85f", "--seeds", "1", "--clock-mhz", "100",
              "-o", "made"],
    "eval": ["eval", "cubalif"],
    "import": ["import", "graph.nir", "-o", "made"],
    "boards": ["boards"],
    "models": ["models"],
    "doctor": ["doctor"],
    "completion": ["completion", "bash"],
    "--help": ["--help"],
}
"""Of every command one that succeeds, and writes `made` if it writes."""
SIMULATED = {
    "bench": ["bench", "cubalif", "--steps", "2"],
    "simulate": ["simulate", "cubalif"],
}
"""Those that build a simulator, which is left out here."""
LASTING = {"chat", "serve", "probe"}
"""They wait for what is asked, or need a board; tests/sw/chat, tests/sw/serve and test_probe.py are
theirs."""
every_command = pytest.mark.parametrize(
    "arguments", [*COMMANDS.values(), *SIMULATED.values()], ids=[*COMMANDS, *SIMULATED])


class Found:
    """What a benchmark has found."""

    failure = None

    def text(self) -> list[str]:
        return ["cycles  7"]


class Running:
    """A board that is simulated."""

    address = "serial:///dev/pts/7"

    def wait(self) -> None:
        raise AssertionError("nobody knows the address, so nobody would ever come")


def test_every_command_is_tried_here() -> None:
    found = {command.name for command in application.application().registered_commands}
    assert found | {"--help"} == COMMANDS.keys() | SIMULATED.keys() | LASTING


@contextmanager
def gone() -> Iterator[TextIO]:
    """A pipe whose reader went away."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", closefd=False) as file:
        yield file
    os.close(writer)


@contextmanager
def full() -> Iterator[TextIO]:
    with open("/dev/full", "w", closefd=True) as file:
        yield file


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tools").mkdir()
    FakeTools(tmp_path / "tools", monkeypatch)
    monkeypatch.setattr("sterna.tasks.bench.perform", lambda request, report: Found())
    monkeypatch.setattr("sterna.cli.commands.simulate", lambda *_: nullcontext(Running()))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@every_command
def test_a_full_standard_output(place: Path, arguments: list[str], capsys, monkeypatch) -> None:
    """What was to be written is there, but the exit code says that not all is well."""
    _prepare(arguments, place)
    with full() as output, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", output)
        assert application.run_arguments(arguments) == 1
    errors = capsys.readouterr().err.splitlines()
    assert errors[-1] == ("sterna: standard output: cannot be written (No space left on device)")
    assert sum(line.startswith("sterna: ") for line in errors) == 1
    _check_made(arguments, place)


@every_command
def test_readers_that_went_away(place: Path, arguments: list[str], monkeypatch) -> None:
    """Of both streams, as with ``2>&1 | true``."""
    _prepare(arguments, place)
    with gone() as output, gone() as errors, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", output)
        patch.setattr(sys, "stderr", errors)
        assert application.run_arguments(arguments) == 141
    _check_made(arguments, place)


def _prepare(arguments: list[str], place: Path) -> None:
    if "graph.nir" in arguments:
        from tests.sw.cli.test_outputs import write_graph

        write_graph(place / "graph.nir")


def _check_made(arguments: list[str], place: Path) -> None:
    for name in ("made", "made.npz"):
        if name in arguments:
            assert (place / name).exists()
    assert not [path for path in place.rglob(".sterna-*")]


@pytest.mark.parametrize("name", ["estimate", "models"])
@pytest.mark.parametrize("errors", [gone, full])
def test_standard_error_does_not_matter(place: Path, name: str, errors, capsys, monkeypatch
                                        ) -> None:
    assert application.run_arguments(COMMANDS[name]) == 0
    wanted = capsys.readouterr().out
    with errors() as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        assert application.run_arguments(COMMANDS[name]) == 0
        assert application.run_arguments(["run", "nowhere"]) == 2
    assert capsys.readouterr().out == wanted


@pytest.mark.parametrize(("redirection", "code", "told"), [
    (">&-", 1, "sterna: standard output: cannot be written (it is closed)\n"),
    ("2>&-", 0, ""), (">&- 2>&-", 1, ""), ("<&- >&- 2>&-", 1, ""),
    (">/dev/full", 1, "sterna: standard output: cannot be written (No space left on device)\n"),
    ("2>/dev/full", 0, ""), ("2>&1 >/dev/full | true", 1, ""),
])
def test_a_process_whose_streams_are_closed(redirection: str, code: int, told: str) -> None:
    """And no file that it opens takes their numbers."""
    command = f'"$0" -c "from sterna.cli import main; main()" models {redirection}'
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}", sys.executable], text=True,
        capture_output=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert (done.returncode, done.stderr) == (code, told)


@pytest.mark.parametrize(("encoding", "found"), [
    ("ascii", rb"K\xe4se \u718a \U0001f43b"), ("cp1252", b"K\xe4se \\u718a \\U0001f43b"),
    ("latin-1", b"K\xe4se \\u718a \\U0001f43b"), ("utf-8", "Käse 熊 🐻".encode()),
])
def test_a_terminal_that_lacks_characters(monkeypatch, encoding: str, found: bytes) -> None:
    """Results and errors are told all the same."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding, write_through=True) for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    text = "Käse 熊 🐻"
    ran = application.run_arguments(["run", "demo-tiny", "--prompt", text, "--max-tokens", "1"])
    refused = application.run_arguments(["run", f"{text}\udcff"])
    output, errors = (stream.buffer.getvalue() for stream in streams)
    monkeypatch.undo()
    assert (ran, refused) == (0, 2)
    assert output.startswith(found)
    assert errors.splitlines()[-1].startswith(b"sterna: " + found + rb"\udcff")
