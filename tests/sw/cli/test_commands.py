"""The commands that need no simulator."""

from __future__ import annotations

import hashlib
import json

import pytest
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.random_checkpoint import write_random_checkpoint
from sterna.families.matmul_free.store import load_model
from sterna.machine.image import MemoryImage
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS

SMALL = ["--config", "small"]


def test_models(sterna):
    assert sterna("models").output.startswith("demo  ")
    assert [model["name"] for model in sterna("models", "--json").json["models"]] == [
        "demo", "demo-spiking", "demo-tiny", "rwkv4-tiny", "rwkv-tiny", "spikegpt-tiny",
        "digits-attention", "alif", "cubalif", "delays", "delays_ssc", "digits", "l2mu"]


def test_families(sterna):
    told = sterna("models", "--families").output
    for family in ("matmul-free", "rwkv4", "rwkv5", "rwkv6", "rwkv7", "spikegpt", "gla", "hgrn2",
                   "deltanet", "deltaproduct", "lightnet", "bdh", "mamba", "spiking"):
        assert f"{family}  " in told
    assert "checked with 1 to 8" in told and "RWKV: Reinventing RNNs" in told
    found = {family["name"]: family for family in sterna("models", "--json").json["families"]}
    assert found["rwkv4"]["systems"] == ["RWKV: Reinventing RNNs for the Transformer Era"]
    assert "planes" in found["spiking"]


def test_run_continues_every_prompt_and_is_the_same_each_time(sterna):
    arguments = ["run", "demo", "--max-tokens", 8, "--prompt", "The king", "--prompt", "The king"]
    outcome = sterna(*arguments)
    assert outcome.code == 0 and outcome.errors == ""
    assert outcome.output.startswith("The king")
    half = len(outcome.output) // 2
    assert outcome.output[:half] == outcome.output[half:]
    assert sterna(*arguments).output == outcome.output


def test_run_samples_by_seed(sterna):
    def text(seed: int) -> str:
        return sterna("run", "demo", "--max-tokens", 24, "--temperature", 1, "--seed", seed).output

    assert text(1) == text(1) != text(2)


def test_run_tells_statistics_on_standard_error(sterna):
    outcome = sterna("run", "demo", "--max-tokens", 5, "--stats")
    assert outcome.errors.startswith("golden: ") and "+ 5 tokens in " in outcome.errors


def test_eval(sterna, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("Once upon a time there was a king who had three sons. " * 4)
    values = sterna("eval", "demo", "--text", text, "--tokens", 40, "--streams", 2, "--json").json
    assert values["tokens"] == 40
    assert 0 < values["bytes"] < len(text.read_text())
    ratio = values["golden_perplexity"] / values["float_perplexity"]
    assert values["perplexity_increase"] == pytest.approx(ratio - 1)
    assert values["float_bits_per_byte"] > 0 and values["golden_bits_per_byte"] > 0
    table = sterna("eval", "demo", "--text", text, "--tokens", 40, "--streams", 2)
    assert f"{values['golden_bits_per_byte']:.5f} bits per byte" in table.output


def test_import_makes_a_model_that_runs(sterna, tmp_path):
    config = ModelConfig(
        vocab_size=260, hidden_size=64, num_hidden_layers=1, intermediate_size=64
    )
    write_random_checkpoint(tmp_path / "checkpoint", config)
    outcome = sterna("import", tmp_path / "checkpoint", "-o", tmp_path / "model")
    assert outcome.code == 0 and "imported" in outcome.output
    assert load_model(tmp_path / "model").config.hidden_size == 64
    run = sterna("run", tmp_path / "model", "--prompt", "abc", "--max-tokens", 3)
    assert run.code == 0 and run.output.startswith("abc")


def test_program(sterna):
    listing = sterna("program", "demo").output
    assert "quantise" in listing.lower() or "codes(" in listing
    machine = sterna("program", "demo", *SMALL, "--machine").output
    assert machine.startswith(listing)
    assert "run:" in machine and "reset:" in machine and "MATMUL" in machine
    assert machine.rstrip().endswith("END")


def test_rtl_of_a_preset(sterna, tmp_path):
    folder = tmp_path / "rtl"
    assert sterna("rtl", "--config", "tiny", "-o", folder).code == 0
    text = (folder / "configuration.json").read_text()
    assert Machine.from_json(text) == PRESETS["tiny"]
    manifest = json.loads((folder / "manifest.json").read_text())
    names = {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert set(manifest["files"]) == names >= {"accelerator.v", "configuration.json"}
    assert not any(name.startswith("image") for name in names)
    for name, entry in manifest["files"].items():
        content = (folder / name).read_bytes()
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
        assert entry["bytes"] == len(content) and entry["description"]
    assert manifest["configuration_digest"] == f"{PRESETS['tiny'].digest():016x}"
    assert "module" in (folder / "accelerator.v").read_text()


def test_rtl_of_a_model_holds_its_image(sterna, tmp_path):
    model = "random:hidden=64,layers=1,intermediate=64,vocabulary=97"
    folder = tmp_path / "rtl"
    assert sterna("rtl", model, "--config", "tiny", "-o", folder).code == 0
    image = MemoryImage.load(folder / "image.sterna")
    text = (folder / "configuration.json").read_text()
    assert image.machine == Machine.from_json(text)
    assert (image.machine.ternary.rows, image.machine.ternary.columns) == (2, 4)


def test_rtl_overwrites_only_when_told(sterna, tmp_path):
    folder = tmp_path / "rtl"
    assert sterna("rtl", "--config", "tiny", "-o", folder).code == 0
    before = (folder / "accelerator.v").read_bytes()
    refused = sterna("rtl", "--config", "tiny", "--rows", 4, "-o", folder)
    assert refused.code == 2 and "--force" in refused.errors
    assert (folder / "accelerator.v").read_bytes() == before
    assert sterna("rtl", "--config", "tiny", "--rows", 4, "-o", folder, "--force").code == 0
    assert (folder / "accelerator.v").read_bytes() != before


def test_rtl_never_replaces_a_folder_of_something_else(sterna, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    refused = sterna("rtl", "--config", "tiny", "-o", tmp_path, "--force")
    assert refused.code == 2 and (tmp_path / "letter.txt").read_text() == "dear"
