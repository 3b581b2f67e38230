from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sterna.errors import InputError
from sterna.families.matmul_free.assembly import layer_tensors, outer_tensors
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.random_checkpoint import write_random_checkpoint
from sterna.families.matmul_free.random_model import random_model
from sterna.families.matmul_free.store import FORMAT, load_model, save_model
from sterna.families.matmul_free.weights import MatMulFreeModel, TernaryMatrix
from sterna.files.manifest import MANIFEST, Format, write_manifest

CONFIG = ModelConfig(vocab_size=31, hidden_size=12, num_hidden_layers=2, intermediate_size=20)


def tensors(model: MatMulFreeModel) -> dict[str, Any]:
    layers = [layer_tensors(index, layer) for index, layer in enumerate(model.layers)]
    bounds = {f"bound {index}": layer.lower_bound for index, layer in enumerate(model.layers)}
    return dict(chain(*layers, outer_tensors(model))) | bounds


def assert_same(ours: MatMulFreeModel, other: MatMulFreeModel) -> None:
    assert ours.config == other.config
    np.testing.assert_array_equal(ours.embeddings, other.embeddings)
    found, expected = tensors(ours), tensors(other)
    assert list(found) == list(expected)
    for key, value in found.items():
        if isinstance(value, TernaryMatrix):
            assert value.scale == expected[key].scale
            value, expected[key] = value.codes, expected[key].codes
            assert value.dtype == np.int8
        else:
            assert value.dtype == np.float32
        np.testing.assert_array_equal(value, expected[key])


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    save_model(random_model(CONFIG, 7), folder)
    return folder


@pytest.mark.parametrize("values", [
    np.array([[1.0, 65504.0]], np.float16),
    np.array([[1 / 3, 1e30, 0.0]], np.float32),
    np.array([[1.0, 2.0**100, 0.15625]], np.float32),
])
def test_embeddings_are_kept_as_they_are(tmp_path: Path, values: np.ndarray) -> None:
    model = random_model(CONFIG, 3)
    table = np.resize(values, model.embeddings.shape)
    save_model(replace(model, embeddings=table), tmp_path / "model")
    restored = load_model(tmp_path / "model").embeddings
    assert restored.dtype == table.dtype
    np.testing.assert_array_equal(restored, table)


@pytest.mark.parametrize("changes", [
    {}, {"use_lower_bound": False}, {"channel_mixer": "lif"},
])
def test_round_trip(tmp_path: Path, changes: dict[str, Any]) -> None:
    model = random_model(replace(CONFIG, **changes), 3)
    told: list[tuple[int, int]] = []
    save_model(model, tmp_path / "model", lambda done, total: told.append((done, total)))
    assert_same(load_model(tmp_path / "model"), model)
    assert told == [(0, 2), (1, 2), (2, 2)]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_layers_can_be_sliced_and_counted_from_the_end(stored: Path) -> None:
    layers = load_model(stored).layers
    assert len(layers[:1]) == 1
    np.testing.assert_array_equal(layers[-1].attn_norm, layers[1].attn_norm)
    with pytest.raises(IndexError):
        layers[2]


def test_tokenizer_and_generation_settings_are_kept(tmp_path: Path) -> None:
    write_random_checkpoint(tmp_path / "source", CONFIG)
    tokenizer = tmp_path / "source" / "tokenizer.json"
    settings = {"bos_token_id": 1, "eos_token_id": 2, "temperature": 0.6}
    model = replace(random_model(CONFIG, 1), tokenizer_path=tokenizer, generation=settings)
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert loaded.generation == settings
    assert loaded.tokenizer_path is not None
    assert loaded.tokenizer_path.read_bytes() == tokenizer.read_bytes()


def change_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    write_manifest(folder, FORMAT)


def change_weights(folder: Path, change: Callable[[dict[str, np.ndarray]], None]) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    metadata = {
        key: json.dumps(shape)
        for key, shape in {
            "model.layers.0.attn.i_proj": (12, 12),
            "lm_head": (31, 12),
            **{
                f"model.layers.{layer}.{name}": shape
                for layer in range(2)
                for name, shape in {
                    "attn.i_proj": (12, 12),
                    "attn.f_proj": (12, 12),
                    "attn.g_proj": (12, 12),
                    "attn.o_proj": (12, 12),
                    "mlp.gate_proj": (40, 12),
                    "mlp.down_proj": (12, 20),
                }.items()
            },
        }.items()
    }
    change(tensors)
    save_file(tensors, path, metadata)
    write_manifest(folder, FORMAT)


def put(key: str, value: object) -> Callable[[dict[str, np.ndarray]], None]:
    def change(tensors: dict[str, np.ndarray]) -> None:
        tensors[key] = np.full(tensors[key].shape, value, tensors[key].dtype)

    return change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda t: t.pop("model.norm.weight"), "model.norm.weight is missing"),
        (lambda t: t.update(extra=np.zeros(1, np.float32)), "extra is not part"),
        (
            lambda t: t.update({"model.norm.weight": np.ones(13, np.float32)}),
            r"model.norm.weight has shape \(13,\)",
        ),
        (
            lambda t: t.update({"model.norm.weight": np.ones(12, np.float64)}),
            "model.norm.weight has type F64",
        ),
        (put("model.norm.weight", np.nan), "model.norm.weight holds NaN"),
        (put("model.embeddings.weight", np.inf), "model.embeddings.weight holds NaN or infinity"),
        (put("lm_head.scale", -1.0), "lm_head.scale must be positive"),
        (put("lm_head.scale", np.nan), "lm_head.scale holds NaN"),
        (put("model.layers.1.mlp.down_proj.trits", 255), "down_proj.trits is damaged"),
    ],
)
def test_damaged_tensors_are_named(
    stored: Path, change: Callable[[dict[str, np.ndarray]], None], named: str
) -> None:
    change_weights(stored, change)
    with pytest.raises(InputError, match=named) as caught:
        list(load_model(stored).layers)
    assert "\n" not in str(caught.value)


def test_truncated_weights(stored: Path) -> None:
    path = stored / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match="damaged"):
        load_model(stored)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_size": 16}, "the configuration needs"),
        ({"num_heads": 3}, "num_heads"),
    ],
)
def test_wrong_description(stored: Path, changes: dict[str, object], message: str) -> None:
    change_config(stored, **changes)
    with pytest.raises(InputError, match=message):
        load_model(stored)


@pytest.mark.parametrize(("kind", "message"), [
    (replace(FORMAT, version=99), "has format version 99, this Sterna reads 3; import it into"),
    (Format("build", 2, ""), r"is not a Sterna model of matmul-free \(a sterna build\); import"),
])
def test_another_format_or_version(stored: Path, kind: Format, message: str) -> None:
    write_manifest(stored, kind)
    with pytest.raises(InputError, match=message):
        load_model(stored)


def test_a_model_of_a_version_without_manifests(stored: Path) -> None:
    change_config(stored, format="sterna-mmfree", format_version=1, digests={})
    (stored / MANIFEST).unlink()
    with pytest.raises(InputError, match=r"no manifest\.json that Sterna wrote\); import"):
        load_model(stored)


@pytest.mark.parametrize("name", ["formats.json", "tokenizer.json"])
def test_a_file_that_was_put_into_the_folder(stored: Path, name: str) -> None:
    (stored / "notes.txt").write_text("mine")
    load_model(stored)
    (stored / name).write_text("{}")
    with pytest.raises(InputError, match=f"{name}: is not part of this model"):
        load_model(stored)


def test_missing_files(stored: Path) -> None:
    (stored / "generation_config.json").unlink()
    with pytest.raises(InputError, match="generation_config.json: file not found"):
        load_model(stored)
    for name in ("model.safetensors", "config.json"):
        (stored / name).unlink()
        write_manifest(stored, FORMAT)
        with pytest.raises(InputError, match=f"{name}: file not found"):
            load_model(stored)
        (stored / name).write_text("{}")


def test_nothing_is_left_of_a_failed_writing(stored: Path) -> None:
    before = (stored / "model.safetensors").read_bytes()
    absent = replace(random_model(CONFIG, 8), tokenizer_path=stored / "absent.json")
    with pytest.raises(InputError, match="cannot be written"):
        save_model(absent, stored)
    assert (stored / "model.safetensors").read_bytes() == before
    assert [path.name for path in stored.parent.iterdir()] == ["model"]


def test_a_model_is_replaced_and_anything_else_is_not(stored: Path, tmp_path: Path) -> None:
    save_model(random_model(CONFIG, 9), stored)
    assert_same(load_model(stored), random_model(CONFIG, 9))
    other = tmp_path / "other"
    other.mkdir()
    (other / "diary.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds diary\.txt, and no manifest"):
        save_model(random_model(CONFIG, 9), other)
    assert (other / "diary.txt").read_text() == "mine"
    with pytest.raises(InputError, match="is a file"):
        save_model(random_model(CONFIG, 9), other / "diary.txt")
