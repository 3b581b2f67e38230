from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig, read_config


@pytest.mark.parametrize(
    ("hidden", "intermediate", "layers", "ternary_weights"),
    [
        (1024, 2816, 24, 341_049_344),
        (2048, 5632, 24, 1_298_661_376),
        (2560, 6912, 32, 2_619_473_920),
    ],
)
def test_released_sizes(hidden: int, intermediate: int, layers: int, ternary_weights: int) -> None:
    config = ModelConfig(hidden_size=hidden, num_hidden_layers=layers)
    assert config.intermediate_size == intermediate
    assert config.ternary_weight_count == ternary_weights


def test_null_intermediate_size_is_derived() -> None:
    values = {**ModelConfig(hidden_size=1024).to_dict(), "intermediate_size": None}
    assert ModelConfig.from_dict(values).intermediate_size == 2816


def test_dict_round_trip_ignores_foreign_keys() -> None:
    config = ModelConfig(vocab_size=300, hidden_size=8, num_hidden_layers=2, intermediate_size=24)
    assert ModelConfig.from_dict({**config.to_dict(), "torch_dtype": "float16"}) == config


def test_neurons_have_a_state_and_fewer_weights_and_a_release_is_stored_as_it_was() -> None:
    gated = ModelConfig(vocab_size=300, hidden_size=8, num_hidden_layers=2, intermediate_size=24)
    spiking = replace(gated, channel_mixer="lif")
    assert gated.state_widths == (8, 0) and spiking.state_widths == (8, 24)
    assert gated.ternary_weight_count == 2 * (4 * 64 + 3 * 192) + 2400
    assert spiking.ternary_weight_count == 2 * (4 * 64 + 2 * 192) + 2400
    assert "channel_mixer" not in gated.to_dict()
    assert ModelConfig.from_dict(spiking.to_dict()) == spiking


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_heads", 2),
        ("use_short_conv", True),
        ("expand_ratio", 2),
        ("tie_word_embeddings", True),
        ("model_type", "llama"),
        ("attn_mode", "chunk"),
        ("hidden_act", "gelu"),
        ("hidden_size", 0),
        ("hidden_size", 12.5),
        ("hidden_size", True),
        ("num_hidden_layers", -1),
        ("vocab_size", "many"),
        ("intermediate_size", -256),
        ("hidden_ratio", float("nan")),
        ("rms_norm_eps", 0.0),
        ("rms_norm_eps", None),
        ("bos_token_id", 32000),
        ("eos_token_id", -1),
        ("use_lower_bound", "yes"),
        ("channel_mixer", "mlp"),
    ],
)
def test_unsupported_value_is_one_line_that_names_it(name: str, value: Any) -> None:
    with pytest.raises(InputError) as caught:
        ModelConfig.from_dict({**ModelConfig().to_dict(), name: value})
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_model_type_must_be_there() -> None:
    with pytest.raises(InputError, match="model_type is missing"):
        ModelConfig.from_dict({"hidden_size": 64})


@pytest.mark.parametrize("content", ["{", "[]", "\xff"])
def test_damaged_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(InputError, match=r"config\.json"):
        read_config(path)


def test_file_is_named_with_the_fault(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**ModelConfig().to_dict(), "num_heads": 4}))
    with pytest.raises(InputError, match=r"config\.json: .*num_heads"):
        read_config(path)
    with pytest.raises(InputError, match="file not found"):
        read_config(tmp_path / "absent.json")
