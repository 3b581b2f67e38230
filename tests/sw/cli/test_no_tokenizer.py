# amaranth: UnusedElaboratable=no
"""A model without tokenizer.json: only what needs text refuses, and says how to make one."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.random_checkpoint import write_random_checkpoint
from sterna.families.registry import families
from sterna.families.tokens.family import TokenFamily
from tokenizers import ByteLevelBPETokenizer

from tests.boards.fake_tools import FakeTools

CONFIG = ModelConfig(vocab_size=300, hidden_size=32, num_hidden_layers=1, intermediate_size=32)
BOARD = "ulx3s-12f"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint as the official `save_pretrained` writes it."""
    folder = tmp_path / "checkpoint"
    write_random_checkpoint(folder, CONFIG)
    (folder / "tokenizer.json").unlink()
    return folder


@pytest.fixture
def model(sterna, checkpoint, tmp_path: Path) -> Path:
    assert sterna("import", checkpoint, "-o", tmp_path / "model").code == 0
    (tmp_path / "tale.txt").write_text("Once upon a time")
    np.save(tmp_path / "ids.npy", np.arange(6).reshape(2, 3))
    return tmp_path / "model"


@pytest.mark.parametrize("command", [
    ["run"],
    ["run", "--prompt", "Once"],
    ["run", "--prompts", "tale.txt", "--device", "sim"],
    ["eval", "--text", "tale.txt"],
])
def test_what_needs_text_refuses(sterna, model, monkeypatch, command):
    monkeypatch.chdir(model.parent)
    outcome = sterna(command[0], "model", *command[1:])
    assert outcome.code == 2 and outcome.output == ""
    assert outcome.errors.count("\n") == 1
    assert outcome.errors.startswith(
        "sterna: model: the model has no tokenizer.json, so it takes no text; make one in the "
        "checkpoint's folder and import it again, from tokenizer.model: pip install transformers")
    assert "from vocab.json and merges.txt: python -c" in outcome.errors


@pytest.mark.parametrize("family", [
    family.name for family in families() if isinstance(family, TokenFamily)])
def test_random_weights_of_any_family_say_what_to_try(sterna, family):
    outcome = sterna("run", f"random:family={family}", "--prompt", "Once")
    assert outcome.code == 2 and outcome.errors.count("\n") == 1
    assert outcome.errors.endswith(
        f"so it takes no text; its weights are random, so try: sterna verify "
        f"random:family={family}\n")


@pytest.mark.parametrize("command", [
    ["eval", "--ids", "ids.npy", "--logits", "logits.npz"],
    ["estimate", "--board", BOARD],
    ["program", "--machine"],
    ["rtl", "-o", "rtl", "--config", "tiny"],
    ["build", "--board", BOARD, "--rows", "4", "--columns", "16", "--vector-lanes", "4",
     "--clock-mhz", "100"],
    ["verify", "--tokens", "2", "--config", "tiny", "--device", "emulator"],
])
def test_what_needs_no_text_works(sterna, model, monkeypatch, command):
    monkeypatch.chdir(model.parent)
    if command[0] == "build":
        FakeTools(model.parent, monkeypatch)
    outcome = sterna(command[0], "model", *command[1:])
    assert outcome.code == 0, outcome.errors


def test_bench_asks_for_a_board_and_not_for_text(sterna, model):
    outcome = sterna("bench", model, "--device", "tcp://127.0.0.1:1", "--config", "tiny")
    assert outcome.code == 2 and outcome.errors.startswith("sterna: tcp://127.0.0.1:1: ")


@pytest.mark.parametrize("names, way", [
    (["tokenizer.model"], "from tokenizer.model: pip install transformers"),
    (["vocab.json", "merges.txt"], "from vocab.json and merges.txt: python -c"),
    (["vocab.json"], "copy the one of the tokenizer that the model was trained with"),
    ([], "copy the one of the tokenizer that the model was trained with"),
])
def test_import_looks_at_what_is_there(sterna, checkpoint, tmp_path, names, way):
    for name in names:
        (checkpoint / name).write_text("x")
    outcome = sterna("import", checkpoint, "-o", tmp_path / "model")
    told, last = outcome.output.splitlines()[1:]
    assert told.startswith(
        f"{tmp_path / 'model'}: takes no text, for want of a tokenizer.json; make one in "
        f"{checkpoint} and import it again, {way}")
    assert told.count("python -c") == ("python" in way) + ("pip" in way)
    assert last == f"{tmp_path / 'model'}: imported; try: sterna verify {tmp_path / 'model'}"


def test_calibration_by_a_text_needs_one(sterna, checkpoint, tmp_path):
    text = tmp_path / "tale.txt"
    text.write_text("Once upon a time")
    outcome = sterna("import", checkpoint, "-o", tmp_path / "model", "--calibrate", text)
    assert outcome.code == 2 and outcome.errors.count("\n") == 1
    assert f"{checkpoint}: has no tokenizer.json, which --calibrate needs" in outcome.errors
    assert not (tmp_path / "model").exists()


def test_the_command_for_vocabulary_and_merges(sterna, checkpoint, tmp_path):
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(["the king and the queen"] * 9, vocab_size=290)
    trained.save_model(str(checkpoint))
    told = sterna("import", checkpoint, "-o", tmp_path / "model").output.splitlines()[1]
    command = shlex.split(told.partition("merges.txt: ")[2])
    assert command[:2] == ["python", "-c"]
    subprocess.run([sys.executable, *command[1:]], cwd=checkpoint, check=True)
    assert json.loads((checkpoint / "tokenizer.json").read_text())["model"]["type"] == "BPE"
    assert sterna("import", checkpoint, "-o", tmp_path / "model").code == 0
    spoken = sterna("run", tmp_path / "model", "--prompt", "the king", "--max-tokens", 3)
    assert spoken.code == 0 and spoken.output.startswith("the king")
