from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig, read_config
from sterna.families.matmul_free.random_checkpoint import write_random_checkpoint
from sterna.families.matmul_free.reference import MatMulFreeLM
from sterna.formats.tokenizer import Tokenizer

CONFIG = ModelConfig(vocab_size=270, hidden_size=8, num_hidden_layers=2, intermediate_size=16)


@pytest.mark.parametrize("shards", [1, 3, 35])
def test_is_a_state_dict_of_the_model(tmp_path: Path, shards: int) -> None:
    write_random_checkpoint(tmp_path, CONFIG, "bfloat16", shards, seed=1)
    files = sorted(tmp_path.glob("*.safetensors"))
    assert len(files) == shards
    state = {key: tensor for path in files for key, tensor in load_file(path).items()}
    assert {tensor.dtype for tensor in state.values()} == {torch.bfloat16}
    MatMulFreeLM(CONFIG).load_state_dict(state)
    assert read_config(tmp_path / "config.json") == CONFIG
    tokenizer = Tokenizer.from_file(tmp_path / "tokenizer.json")
    assert tokenizer.decode(tokenizer.encode("Käse 🧀")) == "Käse 🧀"


def test_shards_do_not_change_the_weights(tmp_path: Path) -> None:
    write_random_checkpoint(tmp_path / "one", CONFIG, seed=2)
    write_random_checkpoint(tmp_path / "two", CONFIG, shards=2, seed=2)
    whole = load_file(tmp_path / "one" / "model.safetensors")
    for path in (tmp_path / "two").glob("*.safetensors"):
        for key, tensor in load_file(path).items():
            torch.testing.assert_close(tensor, whole[key], rtol=0, atol=0)


def test_vocabulary_smaller_than_the_bytes(tmp_path: Path) -> None:
    config = ModelConfig(vocab_size=20, hidden_size=4, num_hidden_layers=1, intermediate_size=4)
    write_random_checkpoint(tmp_path, config)
    tokenizer = Tokenizer.from_file(tmp_path / "tokenizer.json")
    assert tokenizer.vocabulary_size == 20
    assert max(tokenizer.encode("any text!")) < 20


def test_bad_requests(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="dtype 'int4' is unknown"):
        write_random_checkpoint(tmp_path, CONFIG, "int4")
    with pytest.raises(InputError, match="shards must be from 1 to 35"):
        write_random_checkpoint(tmp_path, CONFIG, shards=36)
