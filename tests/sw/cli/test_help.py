"""Help in groups with an example, completion, tables on narrow terminals, --json everywhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from sterna.cli import terminal
from sterna.cli.application import application
from sterna.cli.commands import COMMANDS
from sterna.cli.terminal import print_columns, print_table, wrapped
from sterna.families.registry import options_of
from sterna.options import declared

NAMES = sorted([*(request.command for request, _ in COMMANDS), "boards", "models", "completion",
                "probe", "doctor"])


@pytest.mark.parametrize("command", NAMES)
def test_every_command_has_an_example(sterna, command):
    outcome = sterna(command, "--help")
    assert outcome.code == 0
    example, = re.findall(r"\nExample:\n  (.+)\n", outcome.output)
    assert re.match(rf"(eval \"\$\()?sterna {command}\b", example)
    assert max(map(len, outcome.output.splitlines())) <= 80


def test_options_stand_in_groups(sterna):
    found = re.split(r"\n\n(?=\S)", sterna("run", "--help").output)
    groups = {part.partition(":")[0]: part for part in found}
    assert "--rows" in groups["Shape of the machine"] and "MODEL" in groups["Arguments"]
    assert "--prompt" in groups["For language models"]
    assert "--steps" in groups["For spiking networks"] and "--json" in groups["Options"]
    assert "adders|tables|twin_tables" in sterna("run", "--help").output
    assert "axi4-lite|axi4-stream" in sterna("rtl", "--help").output
    assert "uart|usb" in sterna("build", "--help").output


def test_every_command_has_json():
    assert all("json" in {item.name for item in declared(request)} for request, _ in COMMANDS)


@pytest.mark.parametrize(("command", "flag"), [
    (["program", "demo-tiny", "--machine", "--config", "tiny"], "--lane"),
    (["program", "demo-tiny", "--machine", "--config", "tiny"], "--embedding"),
    (["estimate", "demo-tiny", "--board", "ulx3s-85f"], "--weights"),
    (["estimate", "demo-tiny", "--board", "ulx3s-85f"], "--link"),
    (["estimate", "demo-tiny"], "--memory"),
    (["verify", "alif"], "--device"),
    (["rtl", "demo-tiny", "-o", "out"], "--wrapper"),
])
def test_choices_are_what_the_command_knows(sterna, command, flag):
    item, *_ = (item for request, _ in COMMANDS if request.command == command[0]
             for item in (*declared(request), *options_of(request.command)) if item.flag == flag)
    outcome = sterna(*command, flag, "glass")
    assert outcome.code == 2
    assert item.declaration.choices and all(
        word in outcome.errors for word in item.declaration.choices)


@pytest.mark.parametrize(("arguments", "keys"), [
    (["run", "demo-tiny", "--max-tokens", "2"], {"model", "texts"}),
    (["run", "demo-tiny", "--chat", "--max-tokens", "2"], {"model", "texts"}),
    (["run", "l2mu", "--steps", "2"], {"model", "steps", "batch", "outputs"}),
    (["program", "alif"], {"model"}),
    (["rtl", "--config", "tiny", "-o", "OUT"], {"folder", "files", "command"}),
    (["models"], {"models", "families"}),
    (["boards"], {"boards"}),
])
def test_json_is_one_object(sterna, tmp_path, arguments, keys):
    outcome = sterna(*(str(tmp_path / "out") if word == "OUT" else word for word in arguments),
                     "--json")
    assert outcome.code == 0, outcome.errors
    assert keys <= set(json.loads(outcome.output))


def test_an_answer_of_a_chat_is_one_object(sterna, monkeypatch):
    read, write = os.pipe()
    os.write(write, b"The king\nAnd then?\n")
    os.close(write)
    with open(read, encoding="utf-8") as lines:
        monkeypatch.setattr(sys, "stdin", lines)
        outcome = sterna("chat", "demo-tiny", "--max-tokens", "3", "--json")
    assert outcome.code == 0, outcome.errors
    answers = [json.loads(line) for line in outcome.output.splitlines()]
    assert [item["tokens"] for item in answers] == [3, 3] and answers[1]["kept"] > 0
    assert all(item["text"] for item in answers)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(sterna, shell):
    outcome = sterna("completion", shell)
    assert outcome.code == 0 and "_STERNA_COMPLETE" in outcome.output
    assert shell == "fish" or "sterna" in outcome.output
    assert sterna("completion", "bahs").errors == (
        "sterna: shell is 'bahs'; it must be bash, zsh or fish; did you mean bash?\n")


@pytest.mark.parametrize(("line", "expected", "not_there"), [
    ("sterna ver", {"verify"}, {"run"}),
    ("sterna run de", {"demo", "demo-tiny"}, {"l2mu"}),
    ("sterna build demo --board ulx", {"ulx3s-85f", "ulx3s-12f"}, {"icebreaker"}),
    ("sterna run demo --lane t", {"tables", "twin_tables"}, {"adders"}),
    ("sterna run demo --max", {"--max-tokens"}, {"--rows"}),
])
def test_bash_completes(line, expected, not_there):
    words = line.split(" ")
    outcome = subprocess.run(
        [sys.executable, "-W", "error", "-c", "from sterna.cli import main; main()"],
        capture_output=True, text=True, check=True, env={
            **os.environ, "PYTHONPATH": os.pathsep.join(sys.path),
            "_STERNA_COMPLETE": "complete_bash", "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1)})
    found = set(outcome.stdout.split())
    assert expected <= found and not not_there & found


@pytest.mark.parametrize("most", [30, 45, 80])
def test_tables_fit_the_terminal(monkeypatch, capsys, sterna, most):
    monkeypatch.setattr(terminal, "columns", lambda: most)
    assert sterna("boards").code == 0
    rows = [{"board": "x", "clock_mhz": 123.456789, "luts": None, "words": "a b " * 30},
            {"board": "yy", "clock_mhz": 1.5, "luts": 24000, "words": ""}]
    print_columns(rows)
    print_table([("clock", "75 MHz wanted, 123.456789 MHz expected, of what there is"),
                 ("a long name", "1,234,567 cycles " * 9)])
    output = capsys.readouterr().out
    assert all(len(line) <= most for line in output.splitlines())
    words = output.split()
    assert words.count("123.456789") == 2 and words.count("1,234,567") == 9 and "24000" in words


def test_a_pipe_gets_the_whole_table(sterna):
    lines = sterna("boards").output.splitlines()
    assert lines[1].startswith("| ---") and len({len(line) for line in lines}) == 1


def test_long_words_are_not_split():
    assert wrapped("a  ", "1234567890" * 3 + " b", 20) == ["a  " + "1234567890" * 3, "   b"]
    assert wrapped("a  ", "x\ny" * 20, 5) == ["a  " + "x\ny" * 20]


def test_no_command_is_without_a_test():
    names = {command.name or command.callback.__name__  # type: ignore[union-attr]
             for command in application().registered_commands}
    assert names == set(NAMES)


@pytest.mark.parametrize(("asked", "made"), [
    ("estimate", {"estimate"}), ("boards", {"boards"}), ("estimat", None), (None, None)])
def test_the_command_that_is_asked_for_is_made_alone(
        asked: str | None, made: set[str] | None) -> None:
    """A word that is no command finds all, so that what is near can be told."""
    names = {command.name for command in application(asked).registered_commands}
    assert names == (made or names) and (made or {"boards", "estimate", "run"} < names)
