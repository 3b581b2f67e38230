"""`sterna chat`: turns, commands, Ctrl-C; and `run --chat` for one turn."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sterna.chat.conversation import Message
from sterna.chat.file import load_conversation
from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.random_checkpoint import write_random_checkpoint
from sterna.families.matmul_free.store import load_model
from sterna.formats.chat import ChatTemplate

from tests.sw.chat.templates import TEMPLATE, WORDS, save_chat_model, tokenizer

OPTIONS = ["--max-tokens", "8", "--temperature", "0.9", "--seed", "4"]


@pytest.fixture
def talk(sterna, monkeypatch):
    """The lines of a user; what the command printed."""

    def call(model: object, *lines: str, options=OPTIONS):
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return sterna("chat", model, *options)

    return call


@pytest.fixture
def model(tmp_path):
    return save_chat_model(tmp_path / "model")


def alone(text: str, sterna) -> str:
    """What `run` makes of a whole prompt that begins with the begin token."""
    outcome = sterna("run", "demo-tiny", "--prompt", text, *OPTIONS)
    return outcome.output.removesuffix("\n").removeprefix(text)


@pytest.mark.parametrize("device", ["golden", "emulator"])
def test_turns_of_a_model_without_a_template(device, talk, sterna):
    outcome = talk("demo-tiny", "The king", "Then", options=[*OPTIONS, "--device", device])
    first = alone("The king", sterna)
    second = alone(f"The king{first}\nThen", sterna)
    assert (outcome.code, outcome.output) == (0, f"{first}\n{second}\n")
    assert outcome.errors == (
        "demo-tiny: has no chat template: answers go on where the text ends\n")


def test_turns_by_the_template(model, talk, sterna):
    """The answer to a conversation is that to the same ids; the state is kept between turns."""
    outcome = talk(model, "The king", "/stats", "Then", "/stats")
    told = [[int(word) for word in line.split() if word.isdigit()]
            for line in outcome.errors.splitlines()]
    assert outcome.code == 0 and len(told) == 2
    before, kept, made = told[0][:3]
    assert (kept, made) == (0, 8) and before == 2 + sum(
        len(tokenizer().encode(text)) for text in ("user: The king", "\nassistant:"))
    assert told[1][1] >= before - 1


def test_what_was_saved_goes_on(model, talk, tmp_path):
    file = tmp_path / "talk.json"
    whole = talk(model, "The king", "Then")
    saved = talk(model, "The king", f"/save {file}")
    going = talk(model, f"/load {file}", "Then")
    assert saved.output + going.output == whole.output
    assert "saved 2 messages" in saved.errors and "2 messages; the" in going.errors
    assert [item["role"] for item in json.loads(file.read_text())["messages"]] == [
        "user", "assistant"]
    assert talk(model, "The king", f"/save {file}").code == 0  # over an earlier one


def test_reset_begins_anew(model, talk):
    once = talk(model, "The king")
    assert talk(model, "The king", "/reset", "The king").output == 2 * once.output


def test_what_the_model_is_told_first(model, talk):
    told = talk(model, "The king", "/reset", "The king",
                options=[*OPTIONS, "--system", "A tale of wolves."])
    half = len(told.output) // 2
    assert (told.code, told.errors) == (0, "")
    assert told.output[:half] == told.output[half:]
    assert told.output[:half] != talk(model, "The king").output


@pytest.mark.parametrize(("line", "message"), [
    ("/sav x", "/sav: the commands are /reset, /save FILE, /load FILE, /stats and /quit; did you"),
    ("/save", "/save: the commands are"),
    ("/stats now", "/stats: the commands are"),
    ("/load nowhere.json", "nowhere.json: file not found"),
    ("/load pyproject.toml", "pyproject.toml: "),
    ("/load ~/nowhere.json", f"{Path.home()}/nowhere.json: file not found"),
    ("/save ~nobody-there/x", "~nobody-there/x: there is no such user"),
    ("/save README.md", "README.md: is there already, and no conversation"),
    ("/save nowhere/x", "nowhere/x: cannot be written (there is no folder nowhere)"),
    ("/save nowhere/\0x", "cannot be written (embedded null byte)"),
])
def test_a_wrong_line_is_told_and_the_conversation_goes_on(line, message, model, talk):
    outcome = talk(model, line, "The king")
    assert outcome.code == 0 and outcome.output == talk(model, "The king").output
    wrong, = outcome.errors.splitlines()
    assert wrong.startswith("sterna: ") and message in wrong


NOTHING = (None, True, 0, 1.0, -1, float("nan"), 10**30, "", "x", "\ud800", [], {}, [[]], [{}],
           ["x"])


def test_damaged_files(tmp_path):
    """Every field with everything that it cannot be, of whatever type."""
    file = tmp_path / "file.json"

    def refused(message: str, values: object) -> None:
        file.write_text(json.dumps(values))
        with pytest.raises(InputError, match=f"^{file}: {message}"):
            load_conversation(file)

    item = {"role": "user", "content": "x"}
    whole = {"format": "sterna conversation", "version": 1, "model": "demo", "messages": [item]}
    for value in NOTHING:
        refused("", value) if not isinstance(value, dict) else None
        refused("is no conversation that /save wrote", {**whole, "format": value})
        refused("is of version", {**whole, "version": value})
        if value != []:
            refused("its messages are damaged", {**whole, "messages": value})
        for wrong in (value, {**item, "role": value}, {**item, "more": value},
                      *([{**item, "content": value}] if not isinstance(value, str) else [])):
            refused("its messages are damaged", {**whole, "messages": [item, wrong]})
    refused("a message is not UTF-8 text", {**whole, "messages": [{**item, "content": "\ud800"}]})
    for name in ("format", "version", "messages"):
        refused("", {key: value for key, value in whole.items() if key != name})
    file.write_text(json.dumps(whole))
    assert load_conversation(file) == [Message("user", "x")]


def test_a_template_that_refuses_ends_no_conversation(talk, tmp_path):
    model = save_chat_model(tmp_path / "model", "{{ raise_exception('no') }}")
    outcome = talk(model, "one", "/stats")
    assert outcome.code == 0
    assert outcome.errors.splitlines() == [
        "sterna: the model's chat template: says: no", "golden: nothing was answered yet"]


def test_one_turn_of_run(model, talk, sterna):
    outcome = sterna("run", model, "--chat", "--prompt", "The king", *OPTIONS)
    assert (outcome.code, outcome.output) == (0, talk(model, "The king").output)
    both = sterna("run", model, "--chat", "--prompt", "The king", "--prompt", "The king", *OPTIONS)
    assert both.output == 2 * outcome.output


@pytest.mark.parametrize(("arguments", "message"), [
    (["chat"], "Missing argument 'MODEL'"),
    (["chat", "l2mu"], "l2mu: is a spiking network; this command takes language models"),
    (["chat", "demo", "--rows", "8"], "--rows: shapes an accelerator"),
    (["chat", "demo", "--top-k", "99"], "top-k is 99, but this device returns the"),
    (["chat", "random:hidden=64,layers=1"], "has no tokenizer.json"),
    (["run", "demo", "--chat", "--save", "x"], "--save: is of plain texts; `sterna chat` saves"),
])
def test_errors(arguments, message, sterna, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    outcome = sterna(*arguments)
    assert outcome.code == 2 and not outcome.output
    assert message in outcome.errors.splitlines()[-1]


def test_ctrl_c_stops_the_answer_and_not_the_program():
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-u", "-c", "from sterna.cli import main; main()", "chat",
         "demo-tiny", "--device", "emulator", "--max-tokens", "100000"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert process.stdin and process.stdout
    process.stdin.write("The king\n")
    process.stdin.flush()
    assert process.stdout.read(20)  # in the middle of the answer
    process.send_signal(signal.SIGINT)
    process.stdin.write("/stats\n/quit\n")
    process.stdin.flush()
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert errors.splitlines()[-1].endswith("finish: stopped")


def test_a_template_is_imported_with_its_checkpoint(sterna, tmp_path):
    config = ModelConfig(vocab_size=384, hidden_size=64, num_hidden_layers=1, intermediate_size=64)
    write_random_checkpoint(tmp_path / "checkpoint", config, seed=1)
    source = load_model("demo-tiny").tokenizer_path
    assert source is not None
    (tmp_path / "checkpoint" / "tokenizer.json").write_bytes(Path(source).read_bytes())
    (tmp_path / "checkpoint" / "tokenizer_config.json").write_text(
        json.dumps({"chat_template": TEMPLATE, **WORDS}))
    assert sterna("import", tmp_path / "checkpoint", "-o", tmp_path / "model").code == 0
    found = load_model(tmp_path / "model")
    assert found.chat == ChatTemplate(TEMPLATE, WORDS)
    assert replace(found, chat=None).chat is None
