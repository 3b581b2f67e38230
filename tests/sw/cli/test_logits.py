"""`sterna eval --ids --logits`: the logits of float reference and golden on given ids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.model import open_model
from sterna.families.matmul_free.random_checkpoint import write_random_checkpoint
from sterna.families.matmul_free.reference import MatMulFreeLM
from sterna.golden.executor import GoldenExecutor

IDS = np.random.default_rng(5).integers(0, 300, (4, 12))
CONFIG = ModelConfig(vocab_size=300, hidden_size=64, num_hidden_layers=2)
MODEL = "random:hidden=32,layers=1,intermediate=40,vocabulary=300"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    np.save(tmp_path / "ids.npy", IDS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_checkpoint_of_the_official_initialisation(sterna, folder):
    """From the files of a checkpoint to logits: what is held against the official code's."""
    write_random_checkpoint("checkpoint", CONFIG, "float32", seed=4, std=0.02)
    assert sterna("import", "checkpoint", "-o", "model").code == 0
    told = sterna("eval", "model", "--ids", "ids.npy", "--logits", "out.npz", "--json").json
    official = MatMulFreeLM(CONFIG)
    official.load_state_dict(load_file("checkpoint/model.safetensors"))
    with torch.no_grad():
        expected = official(torch.from_numpy(IDS))[0].numpy()
    with np.load("out.npz") as arrays:
        assert sorted(arrays) == ["float", "golden"]
        exact, golden = arrays["float"], arrays["golden"]
    assert exact.dtype == golden.dtype == np.float32
    assert exact.shape == golden.shape == (4, 12, 300)
    assert np.abs(exact - expected).max() < 1e-4
    error = np.sqrt(np.square(golden - expected).mean()) / expected.std()
    same = (golden.argmax(-1) == expected.argmax(-1)).sum()
    assert error < 0.05 and same >= 44
    assert told["error_std"] == pytest.approx(error, rel=1e-3) and told["same_best"] == same
    assert (told["sequences"], told["tokens"], told["positions"]) == (4, 12, 48)


def test_each_sequence_starts_anew(sterna, folder):
    assert sterna("eval", MODEL, "--ids", "ids.npy", "--logits", "out.npz").code == 0
    with np.load("out.npz") as arrays:
        golden = arrays["golden"]
    executor = GoldenExecutor(lower(open_model(MODEL).model))
    for sequence, logits in zip(IDS, golden, strict=True):
        executor.reset()
        alone = [executor.step(int(token)).logits for token in sequence]
        np.testing.assert_allclose(logits, alone, rtol=1e-6)


@pytest.mark.parametrize("ids, message", [
    (IDS.astype(float), "bad.npy: is float64 of shape [4, 12]; token ids are whole numbers"),
    (IDS[0], "bad.npy: is int64 of shape [12]; token ids are whole numbers [sequences, tokens]"),
    (IDS[:, :0], "bad.npy: is int64 of shape [4, 0]; token ids"),
    (IDS - 9, "bad.npy: id -"),
    (np.full((1, 1), 300, np.uint16), "bad.npy: id 300 is outside the vocabulary of 300"),
    (np.array([[True]]), "bad.npy: is bool of shape [1, 1]"),
    (np.array([[None]]), "bad.npy: is not an array of NumPy"),
    (b"PK", "bad.npy: is not an array of NumPy"),
    (b"", "bad.npy: is not an array of NumPy"),
    (None, "bad.npy: file not found"),
])
def test_ids_that_are_none(sterna, folder, ids, message):
    if isinstance(ids, bytes):
        Path("bad.npy").write_bytes(ids)
    elif ids is not None:
        np.save("bad.npy", ids, allow_pickle=True)
    outcome = sterna("eval", MODEL, "--ids", "bad.npy", "--logits", "out.npz")
    assert outcome.code == 2 and outcome.errors.startswith(f"sterna: {message}")
    assert outcome.errors.count("\n") == 1 and not Path("out.npz").exists()


def test_several_arrays(sterna, folder):
    np.savez("bad.npz", IDS, IDS)
    outcome = sterna("eval", MODEL, "--ids", "bad.npz", "--logits", "out.npz")
    assert outcome.code == 2 and "bad.npz: holds several arrays" in outcome.errors


@pytest.mark.parametrize("target", ["ids.npy", "notes.txt"])
def test_files_of_others_stay(sterna, folder, target):
    Path("notes.txt").write_text("mine")
    before = Path(target).read_bytes()
    outcome = sterna("eval", MODEL, "--ids", "ids.npy", "--logits", target)
    assert outcome.code == 2 and outcome.errors.startswith(f"sterna: {target}: ")
    assert Path(target).read_bytes() == before


@pytest.mark.parametrize("options", [
    ["--ids", "ids.npy"], ["--logits", "out.npz"],
    ["--ids", "ids.npy", "--logits", "out.npz", "--text", "ids.npy"],
    ["--ids", "ids.npy", "--logits", "out.npz", "--tokens", "3"],
])
def test_options_that_go_together(sterna, folder, options):
    outcome = sterna("eval", MODEL, *options)
    assert outcome.code == 2 and "--ids and --logits" in outcome.errors
    outcome = sterna("eval", "l2mu", "--ids", "ids.npy", "--logits", "out.npz")
    assert outcome.code == 2 and "is for language models" in outcome.errors
