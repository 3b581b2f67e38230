"""The training script: reproducible, resumable, and its model folder opens."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.conversion import float_reference
from sterna.families.matmul_free.reference import MatMulFreeLM
from sterna.families.matmul_free.store import load_model
from sterna.families.tokens.float_score import score_text
from sterna.formats.tokenizer import Tokenizer, encode_documents

ROOT = Path(__file__).parents[4]
STORY = "The owl sat in the old oak. The fox sat under the oak. They did not speak.\n"
TEXT = f"{STORY * 6}<|end|>\n{STORY.lower() * 6}<|end|>\n"


@pytest.fixture(autouse=True)
def scripts_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))


def run_script(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "train.py"), *options]
    return subprocess.run(
        command,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT / "sw"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("mixer", ["glu", "lif"])
def test_script_writes_a_model_that_learnt_the_text(tmp_path: Path, mixer: str) -> None:
    (tmp_path / "text").write_text(TEXT)
    options = ["--text", "text", "--valid", "text", "--vocabulary", "280", "--hidden", "24"]
    options += ["--layers", "2", "--intermediate", "32", "--steps", "60", "--batch", "4"]
    options += ["--context", "24", "--channel-mixer", mixer, "-o", "model"]
    done = run_script(tmp_path, *options)
    assert done.returncode == 0, done.stderr
    model = load_model(tmp_path / "model")
    assert model.config.hidden_size == 24 and model.config.intermediate_size == 32
    assert model.config.channel_mixer == mixer
    assert model.tokenizer_path is not None
    tokenizer = Tokenizer.from_file(model.tokenizer_path)
    assert tokenizer.decode(tokenizer.encode("Œuvre 鳥 <s>\n")) == "Œuvre 鳥 <s>\n"
    text = encode_documents(tokenizer, TEXT, 1, 2)
    score = score_text(float_reference(model), text, 1)
    assert f"{score.bits_per_byte:.4f} bits per byte" in done.stdout
    assert ("neurons that fire at a token: " in done.stdout) == (mixer == "lif")
    uniform = torch.log2(torch.tensor(280.0)) * len(text.ids) / text.byte_count
    assert score.bits_per_byte < 0.7 * float(uniform)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--text", "absent"], "absent: file not found"),
        (["--text", "text", "--vocabulary", "100"], "--vocabulary must be at least 259"),
        (["--text", "text", "--steps", "0"], "--steps must be at least 1"),
        (["--text", "text", "--learning-rate", "-1"], "--learning-rate must be positive"),
        (["--text", "text", "--hidden", "0"], "hidden_size"),
    ],
)
def test_bad_options_are_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    (tmp_path / "text").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    for name in ("set_num_threads", "use_deterministic_algorithms"):  # of the whole process
        monkeypatch.setattr(torch, name, lambda value: None)
    script = str(ROOT / "scripts" / "train.py")
    monkeypatch.setattr(sys, "argv", [script, *options, "-o", "model"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(script, run_name="__main__")
    assert ended.value.code == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert errors.count("\n") == 1
    assert not (tmp_path / "model").exists()


def small_training() -> tuple[MatMulFreeLM, Any, Any]:
    from train_data import TokenStreams
    from train_families import start_matmul_free
    from train_loop import Recipe

    config = ModelConfig(vocab_size=16, hidden_size=8, num_hidden_layers=2, intermediate_size=8)
    model = MatMulFreeLM(config)
    start_matmul_free(model, 3)
    tokens = torch.randint(0, 16, (500,), generator=torch.Generator().manual_seed(1)).tolist()
    recipe = Recipe(steps=12, batch=2, context=16, warmup=4, seed=3)
    return model, TokenStreams(tokens, 2, 16), recipe


def ignore(step: int, loss: float) -> None:
    del step, loss


def test_interrupted_training_ends_like_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import train_loop

    monkeypatch.setattr(train_loop, "CHECKPOINT_INTERVAL", 5)
    whole, streams, recipe = small_training()
    train_loop.train(whole, streams, recipe, None, ignore)

    def interrupt(step: int, loss: float) -> None:
        if step == 8:
            raise KeyboardInterrupt

    path = tmp_path / "checkpoint"
    first, _, _ = small_training()
    with pytest.raises(KeyboardInterrupt):
        train_loop.train(first, streams, recipe, path, interrupt)
    second, _, _ = small_training()
    steps: list[int] = []
    train_loop.train(second, streams, recipe, path, lambda step, loss: steps.append(step))
    assert steps == list(range(6, 13))
    for key, value in whole.state_dict().items():
        torch.testing.assert_close(second.state_dict()[key], value, rtol=0, atol=0)


def test_foreign_checkpoints_are_refused(tmp_path: Path) -> None:
    import train_loop

    model, streams, recipe = small_training()
    path = tmp_path / "checkpoint"
    path.write_bytes(b"no checkpoint")
    with pytest.raises(InputError, match="not a checkpoint"):
        train_loop.train(model, streams, recipe, path, ignore)
    path.unlink()
    train_loop.train(model, streams, recipe, path, ignore)
    with pytest.raises(InputError, match="another recipe"):
        train_loop.train(model, streams, train_loop.Recipe(steps=13), path, ignore)
    other = MatMulFreeLM(ModelConfig(16, 8, 1, intermediate_size=8))
    with pytest.raises(InputError, match="another shape"):
        train_loop.train(other, streams, recipe, path, ignore)


def test_streams_read_on_and_wrap_around() -> None:
    from train_data import TokenStreams

    streams = TokenStreams(list(range(10)), batch=2, context=3)
    inputs, targets = streams.read(0)
    assert inputs.tolist() == [[0, 1, 2], [5, 6, 7]]
    assert targets.tolist() == [[1, 2, 3], [6, 7, 8]]
    assert streams.read(1)[0].tolist() == [[3, 4, 5], [8, 9, 0]]


def test_learning_rate_warms_up_and_falls() -> None:
    from train_loop import Recipe

    recipe = Recipe(steps=100, learning_rate=1.0, warmup=10, final_share=0.1)
    rates = [recipe.learning_rate_at(step) for step in range(101)]
    assert rates[:2] == [0.1, 0.2]
    assert max(rates) == rates[10] == 1.0
    assert all(later < earlier for earlier, later in zip(rates[10:], rates[11:], strict=False))
    assert rates[100] == pytest.approx(0.1)
