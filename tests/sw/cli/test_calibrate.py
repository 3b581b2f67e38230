"""`sterna import --calibrate`: the commands compute with the formats that it stores."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.conversion import float_reference
from sterna.families.matmul_free.huggingface import expected_tensors, open_huggingface
from sterna.families.matmul_free.layout import EMBEDDINGS, HEAD
from sterna.families.matmul_free.lowering import Formats, lower, stored_formats
from sterna.families.matmul_free.lowering.calibration import Calibration, calibrate, random_ids
from sterna.families.matmul_free.random_checkpoint import write_random_checkpoint
from sterna.families.matmul_free.store import FORMAT, FORMATS_FILE, load_model, save_model
from sterna.files.manifest import write_manifest
from sterna.formats.checkpoint import Checkpoint
from sterna.golden.executor import GoldenExecutor

CONFIG = ModelConfig(vocab_size=260, hidden_size=64, num_hidden_layers=2, intermediate_size=64)
TEXT = "Once upon a time there was a king who had three sons.\n" * 2
LOUD = 40


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A random checkpoint whose ternary layers have gains about 40."""
    folder = tmp_path / "checkpoint"
    write_random_checkpoint(folder, CONFIG, "float32")
    weights = folder / "model.safetensors"
    tensors = load_file(weights)
    for key in tensors:
        if key.endswith("proj.norm.weight") and not key.startswith(HEAD):
            tensors[key] = tensors[key] * LOUD
    save_file(tensors, weights, {"format": "pt"})
    return folder


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A text to calibrate with."""
    path = tmp_path / "tale.txt"
    path.write_text(TEXT)
    return path


def test_calibrated_formats_are_told_stored_and_used(sterna, checkpoint, text, tmp_path):
    model = tmp_path / "model"
    outcome = sterna("import", checkpoint, "-o", model, "--calibrate", text)
    assert outcome.code == 0
    formats = stored_formats(load_model(model))
    assert formats is not None and formats.activation_fraction < Formats().activation_fraction
    # A begin token and one token a byte; the end of the text is not part of it.
    tokens = len(TEXT.strip()) + 1
    told = f"{model}: {formats.summary()}; chosen from {tokens} tokens of {text}"
    assert outcome.output.splitlines()[0] == told
    score = ["eval", model, "--text", text, "--tokens", 24, "--streams", 2, "--json"]
    calibrated = sterna(*score).json
    run = ["run", model, "--prompt", "abc", "--max-tokens", 12]
    spoken = sterna(*run).output
    assert sterna("import", checkpoint, "-o", model, "--no-calibrate").code == 0
    plain = sterna(*score).json
    assert calibrated["float_perplexity"] == plain["float_perplexity"]
    assert calibrated["golden_perplexity"] != plain["golden_perplexity"]
    assert sterna(*run).output != spoken


def test_large_gains_need_calibration(sterna, checkpoint, text, tmp_path):
    tokens = [1, *range(60, 80)]

    def error(*options: object) -> float:
        assert sterna("import", checkpoint, "-o", tmp_path / "model", *options).code == 0
        model = load_model(tmp_path / "model")
        executor = GoldenExecutor(lower(model))
        golden = np.array([executor.step(token).logits for token in tokens])
        exact = float_reference(model)(torch.tensor([tokens]))[0][0].numpy()
        return float(np.sqrt(((golden - exact) ** 2).mean() / (exact**2).mean()))

    calibrated = error("--calibrate", text)
    assert calibrated < 0.1
    assert error() < 0.1
    assert error("--no-calibrate") > 2 * calibrated


def test_without_an_option_random_ids_decide(sterna, checkpoint, tmp_path):
    folder = tmp_path / "model"
    outcome = sterna("import", checkpoint, "-o", folder)
    model = load_model(folder)
    formats = calibrate(model, random_ids(CONFIG, 256)).formats
    assert stored_formats(model) == formats
    told = f"{folder}: {formats.summary()}; chosen from 256 random ids (--calibrate TEXT)"
    assert outcome.output.splitlines()[0] == told
    # Gains of 40 are more than the sigmoid's table is made for.
    assert outcome.errors.count("warning") == 1 and "activation reaches 111" in outcome.errors


def test_every_weight_is_read_once(checkpoint, tmp_path, monkeypatch):
    model = open_huggingface(checkpoint)
    read: list[str] = []
    fetch = Checkpoint.fetch
    monkeypatch.setattr(
        Checkpoint, "fetch", lambda self, key: read.append(key) or fetch(self, key))
    again = open_huggingface(checkpoint)
    save_model(again, tmp_path / "model", None, Calibration(again, [1, 5]))
    assert sorted(read) == sorted(expected_tensors(model.config))


def test_the_old_defaults_on_request(sterna, checkpoint, tmp_path):
    outcome = sterna("import", checkpoint, "-o", tmp_path / "model", "--no-calibrate")
    assert f"{Formats().summary()}; the defaults, not calibrated" in outcome.output
    assert stored_formats(load_model(tmp_path / "model")) is None


def test_both_options(sterna, checkpoint, text, tmp_path):
    options = ["--no-calibrate", "--calibrate", text]
    outcome = sterna("import", checkpoint, "-o", tmp_path / "model", *options)
    assert outcome.code == 2 and "not both" in outcome.errors
    assert not (tmp_path / "model").exists()


def test_what_formats_cannot_hold_is_a_warning(sterna, checkpoint, tmp_path):
    weights = checkpoint / "model.safetensors"
    tensors = load_file(weights)
    tensors[EMBEDDINGS][1] = 1e6
    tensors["model.layers.1.attn.g_norm.weight"].zero_()
    save_file(tensors, weights, {"format": "pt"})
    folder = tmp_path / "model"
    outcome = sterna("import", checkpoint, "-o", folder)
    assert outcome.code == 0
    for line in (
        r"residual reaches 1000\d{3} units; words saturate at 131071",
        r"the codes of o_proj of layer 1 are made of at most 0 units; 127 are needed",
    ):
        assert re.search(f"sterna: {re.escape(str(folder))}: warning: {line}\n", outcome.errors)


def test_only_the_beginning_of_a_long_text_is_looked_at(sterna, checkpoint, text, tmp_path):
    text.write_text(TEXT * 2000)
    outcome = sterna("import", checkpoint, "-o", tmp_path / "model", "--calibrate", text)
    assert "chosen from 2048 tokens of" in outcome.output


@pytest.mark.parametrize("content", [None, b"", b"  \n\n", b"<|end|>\n<|end|>\n", b"\xff"])
def test_a_bad_text_writes_nothing(sterna, checkpoint, tmp_path, content):
    text = tmp_path / "bad.txt"
    if content is not None:
        text.write_bytes(content)
    outcome = sterna("import", checkpoint, "-o", tmp_path / "model", "--calibrate", text)
    assert outcome.code == 2 and outcome.errors.startswith(f"sterna: {text}: ")
    assert outcome.errors.count("\n") == 1 and not (tmp_path / "model").exists()


@pytest.mark.parametrize("command", [
    ["run"], ["verify"], ["bench"], ["program"], ["rtl", "-o", "nowhere"],
    ["eval", "--text", "tale.txt"],
])
def test_damaged_formats_stop_every_command(
    sterna, checkpoint, text, tmp_path, monkeypatch, command
):
    monkeypatch.chdir(tmp_path)
    assert sterna("import", "checkpoint", "-o", "model").code == 0
    (tmp_path / "model" / FORMATS_FILE).write_text('{"word_bits": 18')
    write_manifest(tmp_path / "model", FORMAT)
    outcome = sterna(command[0], "model", *command[1:])
    assert outcome.code == 2 and outcome.output == ""
    assert outcome.errors.startswith(f"sterna: model/{FORMATS_FILE}: formats: is not valid JSON")
    assert outcome.errors.count("\n") == 1
