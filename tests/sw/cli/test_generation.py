"""What a checkpoint says of its texts is what `run` does, unless its options say otherwise."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.model import open_model
from sterna.families.matmul_free.random_checkpoint import write_random_checkpoint
from sterna.families.tokens.open_device import open_device
from sterna.host.generate import prompt_tokens
from sterna.machine.presets import PRESETS

CONFIG = ModelConfig(vocab_size=300, hidden_size=16, num_hidden_layers=2, intermediate_size=24)
SETTINGS = {"do_sample": True, "temperature": 3.5, "top_k": 50, "top_p": 0.8,
            "eos_token_id": [2, 0], "repetition_penalty": 1.3}
RUN = ("--prompt", "a", "--max-tokens", 9, "--seed", 4)


@pytest.fixture
def folders(sterna, tmp_path):
    """The same weights twice: with settings, and without."""
    for name, settings in (("own", SETTINGS), ("plain", {})):
        write_random_checkpoint(tmp_path / "source", CONFIG)
        (tmp_path / "source" / "generation_config.json").write_text(json.dumps(settings))
        found = sterna("import", tmp_path / "source", "-o", tmp_path / name, "--no-calibrate")
        assert found.code == 0
        told = "generation_config.json: repetition_penalty 1.3 is not read" in found.errors
        assert told == (name == "own")
    return tmp_path / "own", tmp_path / "plain"


def test_settings_are_defaults_that_options_override(sterna, folders):
    own, plain = folders
    said = sterna("run", own, *RUN)
    # The device has 8 candidates: of the 50 that the file wants all of them.
    given = sterna("run", plain, *RUN, "--temperature", 3.5, "--top-p", 0.8)
    assert said.code == 0 and said.output == given.output
    assert sterna("run", plain, *RUN).output != said.output
    for options in (["--temperature", 0], ["--top-k", 1], ["--top-p", 1e-9]):
        assert sterna("run", own, *RUN, *options).output == sterna("run", plain, *RUN).output
    assert sterna("run", own, *RUN, "--top-k", 50).errors.startswith("sterna: top-k is 50")


def test_an_image_knows_them_too(sterna, folders, tmp_path):
    own, _ = folders
    model = open_model(str(own))
    machine = fit_machine(model.lowered, PRESETS["tiny"], "host")
    image = compile_program(model.lowered, machine, "host")
    replace(image, host=model.host_side()).save(tmp_path / "image.sterna")
    found = sterna("run", "--image", tmp_path / "image.sterna", "--device", "emulator", *RUN)
    assert found.code == 0
    assert found.output == sterna("run", own, *RUN, "--config", "tiny").output


def test_every_end_token_ends_a_text(sterna, folders, tmp_path):
    """The third token of the text without an end becomes one."""
    _, plain = folders
    model = open_model(str(plain))
    device, ids = open_device("golden", model.lowered), prompt_tokens(model.tokenizer(), "a", 1)
    made = []
    for token in ids:
        best = int(device.step(token).rows[0])
    while best not in made:
        made.append(best)
        best = int(device.step(best).rows[0])
    assert len(made) > 2
    source = tmp_path / "source"
    (source / "generation_config.json").write_text(json.dumps({"eos_token_id": [2, made[2]]}))
    assert sterna("import", source, "-o", tmp_path / "ends", "--no-calibrate").code == 0
    shorter = sterna("run", tmp_path / "ends", *RUN)
    assert shorter.output == sterna("run", plain, *RUN[:2], "--max-tokens", 2).output
