"""`sterna.toml`: what options are unless they are given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sterna.cli.commands import COMMANDS
from sterna.families.registry import options_of
from sterna.options import declared

WHOLE = """
model = "demo-tiny"
board = "ulx3s-12f"

[shape]
rows = 16
columns = 8
vector-lanes = 4
lane = "adders"

[formats]
input-fraction = 3

[clock]
mhz = 40.0

[link]
baud = 500000
device = "emulator"
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> None:
        Path("sterna.toml").write_text(text)

    return write


def test_every_place_is_the_same_kind_of_thing_in_all_commands():
    """And a name that options give a place in one command has it in all, but for `eval`."""
    names: dict[str, set[str | None]] = {}
    for request, _ in COMMANDS:
        for item in (*declared(request), *options_of(request.command)):
            if item.declaration.project is not None:
                names.setdefault(item.declaration.project, set()).add(item.name)
    assert all(len(found) == 1 for found in names.values())
    assert {place.partition(".")[0] for place in names} == {
        "model", "board", "shape", "formats", "clock", "link"}


def test_commands_take_what_they_read(sterna, project):
    project(WHOLE)
    outcome = sterna("estimate", "--json")
    assert outcome.code == 0, outcome.errors
    found = json.loads(outcome.output)
    assert (found["board"], found["clock_mhz"], found["lanes"]) == ("ulx3s-12f", 40, 128)
    whole = sterna("run", "--max-tokens", "3", "--stats")
    assert whole.code == 0 and "emulator" in whole.errors + whole.output
    assert sterna("program").code == 0
    golden = sterna("run", "--device", "golden", "--max-tokens", "3")
    assert golden.code == 0, golden.errors  # which has no shape
    assert sterna("verify", "--device", "emulator", "--tokens", "1").code == 0


def test_what_is_given_comes_first(sterna, project):
    project(WHOLE)
    found = json.loads(sterna("estimate", "l2mu", "--board", "icebreaker", "--clock-mhz", "12",
                              "--json").output)
    assert (found["board"], found["clock_mhz"]) == ("icebreaker", 12)
    rows = json.loads(sterna("estimate", "--rows", "32", "--json").output)
    assert rows["lanes"] == 256


def test_other_commands_take_nothing(sterna, project):
    project(WHOLE)
    assert sterna("models").code == 0
    assert sterna("run", "random:hidden=64,layers=1,intermediate=96,vocabulary=384",
                  "--prompt", "x").code == 2  # it has no tokenizer, and is the model all the same


def test_missing_arguments_are_told(sterna, project):
    project("")
    for command, missing in (("program", "argument 'MODEL'"), ("build", "argument 'MODEL'")):
        assert sterna(command).errors == f"sterna: Missing {missing}\n"
    assert sterna("build", "demo-tiny").errors == "sterna: Missing option '--board'\n"


@pytest.mark.parametrize(("text", "message"), [
    ("modle = 'demo'", "sterna.toml: modle is no key; did you mean model?"),
    ("[shape]\nrow = 8", "sterna.toml: shape.row is no key; did you mean shape.rows?"),
    ("rows = 8", "sterna.toml: rows is no key; did you mean shape.rows?"),
    ("[shapes]\nrows = 8", "sterna.toml: shapes is no key; did you mean shape.rows?"),
    ("[link]\nzzzz = 8", "sterna.toml: link.zzzz is no key; there are board, clock.mhz,"),
    ("model = 'demo-tiny'\n[shape]\nrows = 'x'", "sterna.toml: shape.rows: rows is x; it must be"),
    ("[shape]\nrows = 0", "rows is 0; it must be a whole number from 1 to"),
    ("[shape]\nrows = true", "rows is True; it must be a whole number"),
    ("[shape]\ngenerate = 1", "shape.generate: is 1; it must be true or false"),
    ("model = 3.5", "model: is 3.5; it must be a text"),
    ("shape = 3", "sterna.toml: shape is no key"),
    ("model = ", "sterna.toml: is no TOML (Invalid value"),
    ("model = 'nowhere'", "no such model or folder"),
    ("model = 'demo-tiny'\n[shape]\nlane = 'glass'", "(sterna.toml gives model, shape.lane)"),
])
def test_what_is_wrong_is_one_line(sterna, project, text, message):
    project(text)
    outcome = sterna("run", "--device", "emulator", "--max-tokens", "1")
    assert outcome.code == 2 and not outcome.output
    line, = outcome.errors.splitlines()
    assert message in line


@pytest.mark.parametrize("content", [
    b"\xff", b"[" * 100_000, b"a." * 500 + b"a = 1", b"a = " + b"9" * 5000,
    b"a" * 99_999 + b" = 1"])
def test_damaged_files(sterna, project, content):
    Path("sterna.toml").write_bytes(content)
    outcome = sterna("program", "demo-tiny")
    assert outcome.code == 2 and len(outcome.errors.splitlines()) == 1
    assert outcome.errors.startswith("sterna: sterna.toml: ") and len(outcome.errors) < 3000


def test_a_folder_of_its_name(sterna, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("sterna.toml").mkdir()
    assert sterna("program", "demo-tiny").errors == (
        "sterna: sterna.toml: is a folder, not a file\n")
