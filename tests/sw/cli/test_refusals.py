"""What people have in place of a checkpoint is told: what it is, what is read, the next step."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.random_checkpoint import write_random_checkpoint
from sterna.suggest import did_you_mean

from tests.sw.test_reading import POINTER

CONFIG = ModelConfig(vocab_size=260, hidden_size=16, num_hidden_layers=1, intermediate_size=16)
Change = Callable[[Path], object]


def configured(**values: object) -> Change:
    def change(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return change


def renamed(name: str, new: str) -> Change:
    return lambda folder: (folder / name).rename(folder / new)


def prefixed(prefix: str) -> Change:
    def change(folder: Path) -> None:
        path = folder / "model.safetensors"
        save_file({prefix + key: value for key, value in load_file(path).items()}, path)

    return change


def pointer(name: str) -> Change:
    return lambda folder: (folder / name).write_bytes(POINTER)


def adapter(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "some/base"}')
    (folder / "adapter_model.safetensors").touch()


def adapter_in_place(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")


def sharded(folder: Path) -> None:
    write_random_checkpoint(folder, CONFIG, shards=3)
    (folder / "model.safetensors").unlink(missing_ok=True)
    (folder / "model.safetensors.index.json").unlink()


def nested(folder: Path) -> None:
    below = folder / "snapshots" / "0a1b"
    below.mkdir(parents=True)
    for path in list(folder.iterdir()):
        if path.is_file():
            path.rename(below / path.name)


BITNET = {"quantization_config": {"quant_method": "bitnet"}, "architectures": ["LlamaForCausalLM"]}
CHECKPOINTS: dict[str, tuple[Change, list[str]]] = {
    "LFS weights": (pointer("model.safetensors"),
                    ["c/model.safetensors: is a Git LFS pointer", "git -C c lfs pull"]),
    "LFS tokenizer": (pointer("tokenizer.json"), ["c/tokenizer.json: is a Git LFS pointer"]),
    "LFS configuration": (pointer("config.json"), ["c/config.json: is a Git LFS pointer"]),
    "torch.compile": (prefixed("_orig_mod."), ["_orig_mod.", "torch.compile", "reads lm"]),
    "DataParallel": (prefixed("module."), ["module.", "DataParallel", "save model.module"]),
    "peft": (prefixed("base_model.model."), ["merge_and_unload"]),
    "fp16": (renamed("model.safetensors", "model.fp16.safetensors"),
             ["variant model.fp16.safetensors", "Sterna reads model.safetensors", "rename"]),
    "bf16 shard": (renamed("model.safetensors", "model.bf16-00001-of-00002.safetensors"),
                   ["variant model.bf16-00001-of-00002.safetensors"]),
    "bf16 shard, other form": (
        renamed("model.safetensors", "model-00001-of-00002.bf16.safetensors"), ["variant model-0"]),
    "other name": (renamed("model.safetensors", "weights.safetensors"), ["weights.safetensors"]),
    "adapter": (adapter, ["an adapter (peft) of some/base", "merge_and_unload"]),
    "adapter in its place": (adapter_in_place, ["an adapter (peft)", "merge_and_unload"]),
    "shards without index": (sharded, ["model-00001-of-00003.safetensors, one of 3 shards",
                                       "model.safetensors.index.json"]),
    "pickled": (renamed("model.safetensors", "pytorch_model.bin"), ["pickled", "safetensors"]),
    "GGUF inside": (renamed("model.safetensors", "m.gguf"), ["holds m.gguf, which is a GGUF file"]),
    "snapshots": (nested, ["c/snapshots/0a1b has one; give that folder"]),
    "BitNet llama": (configured(model_type="llama", **BITNET), ["BitNet (llama)", "'hgrn_bit'"]),
    "bitnet": (configured(model_type="bitnet"), ["BitNet (bitnet)", "attention"]),
    "llama": (configured(model_type="llama"), [
        "model_type is 'llama'; what can be read is hgrn_bit, rwkv, gla, "]),
    "hgrn": (configured(model_type="hgrn"), ["of hgrn, whose matrices", "hgrn_bit", "hgrn2"]),
    "retnet": (configured(model_type="retnet"), ["model_type is 'retnet'"]),
    "hgrn2 of others": (configured(model_type="hgrn2"), [
        "tensor model.layers.0.attn.q_proj.weight is missing"]),
    "experts": (configured(use_moe=True), ["use_moe", "mixture of experts"]),
    "quantised": (configured(quantization_config={"quant_method": "gptq"}), ["by 'gptq'"]),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), ["neither"]),
}


@pytest.mark.parametrize(("change", "messages"), CHECKPOINTS.values(), ids=CHECKPOINTS)
def test_checkpoints(sterna, tmp_path, monkeypatch, change: Change, messages: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    write_random_checkpoint(Path("c"), CONFIG)
    change(Path("c"))
    before = sorted(Path().rglob("*"))
    found = sterna("import", "c", "-o", "out", "--no-calibrate")
    assert found.code == 2 and found.output == "" and found.errors.count("\n") == 1
    assert found.errors.startswith("sterna: c")
    for message in messages:
        assert message in found.errors
    assert sorted(Path().rglob("*")) == before


NAMES = {
    "ridgerchu/matmulfreellm-370M": ["hf download ridgerchu/matmulfreellm-370M", "sterna import"],
    "https://huggingface.co/ridgerchu/MMfreeLM-370M": ["is a URL", "download"],
    "git@host:a/b.git": [],
    "model.gguf": ["is a GGUF file", "fetch that"],
    "model.Q4_K_M.GGUF": ["is a GGUF file"],
    "model.safetensors": ["give the folder"],
    "config.json": ["give the folder"],
    "pytorch_model.bin": ["pickled"],
    "model.pt": ["pickled"],
    "model.onnx": ["ONNX"],
    "model.tar.gz": ["unpack"],
    "image.sterna": ["--image"],
    "x" * 300: ["no such"],
    "a/" * 3000: ["no such"],
    "": ["no such"],
    "/dev/zero": [],
    "pipe": [],
    "pipe.safetensors": [],
    "pipe.pth": [],
}


@pytest.mark.parametrize("command", ["run", "import"])
@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize(("name", "messages"), NAMES.items(), ids=[name[:30] for name in NAMES])
def test_names(sterna, tmp_path, monkeypatch, command: str, there: bool, name: str,
               messages: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    if name.startswith("pipe"):
        os.mkfifo(name)
    elif there and name and "/" not in name and len(name) < 99:
        Path(name).write_bytes(b"GGUF")
    found = sterna(command, name, *(["-o", "out"] if command == "import" else []))
    assert found.code == 2 and found.output == "" and found.errors.count("\n") == 1
    assert name[:500] in found.errors and len(found.errors) < 2100
    for message in messages:
        assert message in found.errors
    assert not Path("out").exists()


@pytest.mark.parametrize(("arguments", "meant"), [
    (["run", "demoo"], "demo"), (["run", "demotiny"], "demo-tiny"), (["run", "L2MU"], "l2mu"),
    (["run", "demo", "--tempereture", "1"], "--temperature"),
    (["run", "demo", "--promt", "x"], "--prompt"),
    (["estimate", "demo", "--board", "ulx3s-85"], "ulx3s-85f"),
    (["estimate", "demo", "--board", "icebraker"], "icebreaker"),
    (["estimate", "demo", "--board", "ULX3S-85F"], "ulx3s-85f"),
    (["estimate", "demo", "--board", "kv"], None),
    (["boards", "kv26"], "kv260"),
    (["run", "demo", "--config", "standart", "--device", "emulator"], "standard"),
    (["estimate", "demo", "--memory", "kv260"], "kv260-16"),
    (["estimate", "--shape", "370"], "370m"),
    (["verify", "random:hiden=64"], "hidden"),
    (["runn", "demo"], "run"),
    (["--versio"], "--version"),
    (["boards", "--jsn"], "--json"),
])
def test_did_you_mean(sterna, arguments: list[str], meant: str | None) -> None:
    found = sterna(*arguments)
    assert found.code == 2 and found.errors.count("\n") == 1
    if meant is None:
        assert "did you mean" not in found.errors.lower()
    else:
        assert f"did you mean {meant}?" in found.errors.lower().replace("'", "")


@pytest.mark.parametrize(("arguments", "whom"), [
    (["run", "demo", "--sample", "1"], "--samples is for spiking networks, not for demo"),
    (["run", "l2mu", "--temprature", "1"], "--temperature is for language models, not for l2mu"),
])
def test_an_option_of_another_kind_is_no_suggestion(sterna, arguments: list[str], whom: str
                                                    ) -> None:
    found = sterna(*arguments)
    assert found.code == 2 and f"{arguments[2]}; {whom}\n" in found.errors


def test_what_is_near() -> None:
    names = ["demo", "demo-tiny", "l2mu"]
    assert did_you_mean("dmo", names) == "; did you mean demo?"
    for far in ("", "zzz", "x" * 10**6):
        assert did_you_mean(far, names) == ""
    assert replace(CONFIG, num_hidden_layers=2) != CONFIG
