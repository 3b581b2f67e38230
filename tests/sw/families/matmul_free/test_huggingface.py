from __future__ import annotations

import json
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.conversion import float_reference
from sterna.families.matmul_free.huggingface import expected_tensors, import_huggingface
from sterna.families.matmul_free.layout import EMBEDDINGS
from sterna.families.matmul_free.model import MatMulFreeTokens
from sterna.families.matmul_free.random_checkpoint import write_random_checkpoint
from sterna.families.matmul_free.reference import MatMulFreeLM
from sterna.families.matmul_free.store import load_model
from torch import Tensor

CONFIG = ModelConfig(vocab_size=300, hidden_size=16, num_hidden_layers=2, intermediate_size=24)
KEY = "model.layers.1.attn.f_proj.weight"


def all_tensors(folder: Path) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for path in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(path)
    return tensors


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("shards", [1, 4])
@pytest.mark.parametrize("mixer", ["glu", "lif"])
def test_import_keeps_what_the_checkpoint_computes(
    tmp_path: Path, dtype: str, shards: int, mixer: str
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    config = replace(CONFIG, channel_mixer=mixer)
    write_random_checkpoint(source, config, dtype, shards, seed=5)
    told: list[tuple[int, int]] = []
    import_huggingface(source, target, lambda done, total: told.append((done, total)))
    assert told[-1] == (2, 2)

    released = MatMulFreeLM(config)
    state = {key: value.float() for key, value in all_tensors(source).items()}
    released.load_state_dict(state)
    model = load_model(target)
    assert model.config == config
    # What the file has is kept in its type, and read without a loss.
    assert load_file(target / "model.safetensors")[EMBEDDINGS].dtype == getattr(torch, dtype)
    assert np.array_equal(model.embeddings, state[EMBEDDINGS].numpy())
    tokens = torch.arange(200).unsqueeze(0)
    with torch.no_grad():
        torch.testing.assert_close(float_reference(model)(tokens)[0], released(tokens)[0])


def test_a_model_of_ours_is_no_checkpoint(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    write_random_checkpoint(source, CONFIG)
    import_huggingface(source, target)
    with pytest.raises(InputError, match="target: holds a sterna model already; use it"):
        import_huggingface(target, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_codes_and_scale_by_hand(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write_random_checkpoint(source, CONFIG, "bfloat16")
    import_huggingface(source, tmp_path / "target")
    weight = load_file(source / "model.safetensors")[KEY].float().numpy()
    scale = np.float32(np.mean(np.abs(weight.astype(np.float64))))
    matrix = load_model(tmp_path / "target").layers[1].f_proj.matrix
    assert matrix.scale == scale
    for code, value in zip(matrix.codes.ravel(), weight.ravel(), strict=True):
        assert code == (0 if abs(value) <= scale / 2 else np.sign(value))


def test_tokenizer_and_generation_settings_come_along(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    write_random_checkpoint(source, CONFIG)
    (source / "generation_config.json").write_text('{"temperature": 0.6}')
    import_huggingface(source, target)
    assert load_model(target).generation == {"temperature": 0.6}
    assert (target / "tokenizer.json").read_bytes() == (source / "tokenizer.json").read_bytes()
    (source / "generation_config.json").unlink()
    import_huggingface(source, target)
    assert load_model(target).generation == {"bos_token_id": 1, "eos_token_id": 2}


@pytest.mark.parametrize(("settings", "expected"), [
    ('{"add_bos_token": false}', None), ('{"add_bos_token": true}', 1), ("{}", 1),
    ('{"bos_token": null}', None), ('{"add_bos_token": true, "bos_token": "a"}', 97),
    ('{"add_bos_token": true, "bos_token": {"content": "b"}}', 98),
    ('{"add_bos_token": true, "bos_token": "no token"}', 1),
])
def test_the_tokenizer_settings_decide_the_begin_token(
    tmp_path: Path, settings: str, expected: int | None
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    write_random_checkpoint(source, CONFIG)
    if expected not in (None, 1):
        words = json.loads((source / "tokenizer.json").read_text())["model"]["vocab"]
        expected = words[chr(expected)]
    (source / "tokenizer_config.json").write_text(settings)
    import_huggingface(source, target)
    assert load_model(target).config.bos_token_id == expected


def test_a_begin_token_that_nothing_names_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write_random_checkpoint(source, replace(CONFIG, bos_token_id=None))
    (source / "tokenizer_config.json").write_text('{"add_bos_token": true}')
    with pytest.raises(InputError, match=r"tokenizer_config\.json: puts a begin token in front"):
        import_huggingface(source, tmp_path / "target")


@pytest.mark.parametrize("ends", [7, [7, 2], []])
def test_end_tokens_are_one_or_several(tmp_path: Path, ends: object) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    write_random_checkpoint(source, CONFIG)
    configured(eos_token_id=ends)(source)
    (source / "generation_config.json").unlink()
    import_huggingface(source, target)
    expected = tuple(ends) if isinstance(ends, list) else (ends,)
    assert load_model(target).config.end_tokens == expected
    assert MatMulFreeTokens("m", load_model(target)).generation.ends == expected


def test_checkpoint_without_tokenizer(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    write_random_checkpoint(source, CONFIG)
    (source / "tokenizer.json").unlink()
    import_huggingface(source, target)
    assert load_model(target).tokenizer_path is None
    assert not (target / "tokenizer.json").exists()


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_embeddings_beyond_float16(tmp_path: Path, dtype: str) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    write_random_checkpoint(source, CONFIG, dtype)
    changed(lambda tensors: tensors[EMBEDDINGS][5].fill_(1e6))(source)
    changed(lambda tensors: tensors[EMBEDDINGS][6].fill_(1e-12))(source)
    import_huggingface(source, target)
    kept = all_tensors(source)[EMBEDDINGS].float().numpy()
    assert np.array_equal(load_model(target).embeddings, kept)


def test_checkpoint_without_lower_bounds(tmp_path: Path) -> None:
    config = ModelConfig.from_dict({**CONFIG.to_dict(), "use_lower_bound": False})
    write_random_checkpoint(tmp_path / "source", config)
    assert "model.lower_bounds" not in expected_tensors(config)
    import_huggingface(tmp_path / "source", tmp_path / "target")
    assert not load_model(tmp_path / "target").layers[1].lower_bound.any()


def changed(change: Callable[[dict[str, Tensor]], object]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / "model.safetensors"
        tensors = load_file(path)
        change(tensors)
        save_file(tensors, path)

    return apply


def fill(key: str, value: float) -> Callable[[Path], None]:
    return changed(lambda tensors: tensors[key].view(-1)[3:4].fill_(value))


def configured(**changes: object) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return apply


def truncated(name: str) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / name
        path.write_bytes(path.read_bytes()[:-7])

    return apply


def removed(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing tensor": (changed(lambda t: t.pop(KEY)), f"tensor {KEY} is missing"),
    "extra tensor": (
        changed(lambda t: t.update({"model.layers.2.bias": torch.zeros(2)})),
        "tensor model.layers.2.bias is not part",
    ),
    "misshapen tensor": (
        changed(lambda t: t.update({KEY: torch.zeros(16, 17)})),
        rf"tensor {KEY} has shape \(16, 17\)",
    ),
    "integer tensor": (
        changed(lambda t: t.update({KEY: torch.zeros(16, 16, dtype=torch.int8)})),
        f"tensor {KEY} has type I8",
    ),
    "NaN in a weight": (fill(KEY, float("nan")), f"tensor {KEY} holds NaN"),
    "infinity in a weight": (fill(KEY, float("-inf")), f"tensor {KEY} holds NaN or inf"),
    "NaN in a gain": (fill("model.norm.weight", float("nan")), "tensor model.norm.weight holds"),
    "NaN in the embeddings": (
        fill("model.embeddings.weight", float("nan")),
        "tensor model.embeddings.weight holds",
    ),
    "NaN in the bounds": (
        fill("model.lower_bounds", float("inf")),
        "tensor model.lower_bounds holds",
    ),
    "unsupported option": (configured(use_short_conv=True), "use_short_conv"),
    "other model": (configured(model_type="mamba"), "model_type is 'mamba'"),
    "other size": (configured(hidden_size=32), "has shape"),
    "deeper": (configured(num_hidden_layers=3), "tensor model.layers.2.attn_norm.weight is miss"),
    "no configuration": (removed("config.json"), "config.json: file not found"),
    "no weights": (removed("model.safetensors"), "neither model.safetensors nor"),
    "truncated weights": (truncated("model.safetensors"), "model.safetensors: is damaged"),
    "truncated configuration": (truncated("config.json"), "config.json: is not valid JSON"),
    "truncated tokenizer": (truncated("tokenizer.json"), "tokenizer.json: is not a tokenizer"),
    "truncated generation settings": (
        truncated("generation_config.json"),
        "generation_config.json: is not valid JSON",
    ),
}


def assert_refused(source: Path, target: Path, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        import_huggingface(source, target)
    assert "\n" not in str(caught.value)
    assert not target.exists()
    assert [path.name for path in source.parent.iterdir()] == [source.name]


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_checkpoint_is_one_line_and_writes_nothing(tmp_path: Path, fault: str) -> None:
    source = tmp_path / "source"
    write_random_checkpoint(source, CONFIG)
    damage, message = FAULTS[fault]
    damage(source)
    assert_refused(source, tmp_path / "target", message)


def index_with(change: Callable[[dict[str, str]], object]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / "model.safetensors.index.json"
        index = json.loads(path.read_text())
        change(index["weight_map"])
        path.write_text(json.dumps(index))

    return apply


SECOND = "model-00002-of-00002.safetensors"
SHARD_FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "truncated index": (truncated("model.safetensors.index.json"), "is not valid JSON"),
    "empty index": (index_with(lambda places: places.clear()), "holds no weight_map"),
    "missing shard": (removed(SECOND), f"{SECOND}: file not found"),
    "truncated shard": (truncated(SECOND), f"{SECOND}: is damaged"),
    "wrong shard": (
        index_with(lambda places: places.update({"model.embeddings.weight": SECOND})),
        f"tensor model.embeddings.weight is not in {SECOND}",
    ),
    "unlisted tensor": (
        index_with(lambda places: places.pop(KEY)),
        f"tensor {KEY} of {SECOND} is not in the index",
    ),
    "path outside": (
        index_with(lambda places: places.update({KEY: "../other.safetensors"})),
        "not a file name",
    ),
}


@pytest.mark.parametrize("fault", SHARD_FAULTS)
def test_bad_shards_are_one_line_and_write_nothing(tmp_path: Path, fault: str) -> None:
    source = tmp_path / "source"
    write_random_checkpoint(source, CONFIG, shards=2)
    damage, message = SHARD_FAULTS[fault]
    damage(source)
    assert_refused(source, tmp_path / "target", message)


def test_other_folders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        import_huggingface(tmp_path / "absent", tmp_path / "target")
    source = tmp_path / "source"
    write_random_checkpoint(source, CONFIG)
    (source / "model.safetensors").rename(source / "pytorch_model.bin")
    with pytest.raises(InputError, match="holds pickled weights"):
        import_huggingface(source, tmp_path / "target")


def test_tokenizer_of_another_model(tmp_path: Path) -> None:
    small = ModelConfig(vocab_size=40, hidden_size=8, num_hidden_layers=1, intermediate_size=8)
    write_random_checkpoint(tmp_path / "small", small)
    write_random_checkpoint(tmp_path / "source", CONFIG)
    shutil.copy(tmp_path / "source" / "tokenizer.json", tmp_path / "small" / "tokenizer.json")
    with pytest.raises(InputError, match="has 259 tokens, the model's vocabulary is 40"):
        import_huggingface(tmp_path / "small", tmp_path / "target")


@pytest.mark.slow
def test_released_370m_shape_within_time_and_memory() -> None:
    config = ModelConfig(hidden_size=1024)
    # Not pytest's folder, which would keep the gigabyte after the test.
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "source", Path(folder) / "target"
        write_random_checkpoint(source, config, "float16", shards=2)
        start = time.monotonic()
        import_huggingface(source, target)
        assert time.monotonic() - start < 120
        # Kibibytes on Linux; the peak includes writing the checkpoint.
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 6 << 20
        assert (target / "model.safetensors").stat().st_size < 140e6
        codes = load_model(target).layers[23].gated_unit.down_proj.matrix.codes
    # Gaussian weights are within half their mean absolute value in 31 of 100 cases.
    assert abs(np.mean(codes == 0) - 0.31) < 0.01
