"""Checkpoints of RWKV-4 as they are released become model folders; what is wrong is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sterna.errors import InputError
from sterna.families.family import Result
from sterna.families.requests import ImportRequest
from sterna.families.rwkv.model import open_model
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv.store import load_model
from sterna.families.rwkv4.configuration import RwkvConfig
from sterna.families.rwkv4.family import Rwkv4
from sterna.families.rwkv4.layout import all_tensors
from sterna.families.rwkv4.lowering import Formats
from sterna.families.rwkv4.version import RWKV4
from sterna.options import Options
from sterna.progress import Report
from sterna.tasks.import_model import import_model
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from tests.sw.families.rwkv4.names_of_transformers import theirs

CONFIG = RwkvConfig(vocab_size=259, hidden_size=12, num_hidden_layers=2, intermediate_size=20)
MODEL = random_model(RWKV4, CONFIG, 4)
Tensors = dict[str, torch.Tensor]


def tensors(kind: torch.dtype = torch.bfloat16) -> Tensors:
    return {key: torch.from_numpy(np.array(MODEL.tensor(key))).to(kind)
            for key in all_tensors(CONFIG)}


def as_pth(folder: Path, change: Callable[[Tensors], Any] = lambda found: None) -> Path:
    found = tensors()
    change(found)
    torch.save(found, folder / "model.pth")
    return folder / "model.pth"


def as_safetensors(folder: Path) -> Path:
    save_file(tensors(), folder / "model.safetensors")
    return folder / "model.safetensors"


def as_transformers(folder: Path, without: str | None = None, **changes: object) -> Path:
    save_file({theirs(key): value for key, value in tensors().items() if key != without},
              folder / "model.safetensors")
    settings = {"model_type": "rwkv", "vocab_size": 259, "hidden_size": 12, "eos_token_id": 0,
                "num_hidden_layers": 2, "intermediate_size": 20, "attention_hidden_size": 12,
                "layer_norm_epsilon": 1e-5, "rescale_every": 6, "bos_token_id": 0}
    (folder / "config.json").write_text(json.dumps(settings | changes))
    return folder


def as_transformers_pickled(folder: Path) -> Path:
    as_transformers(folder)
    (folder / "model.safetensors").unlink()
    torch.save({theirs(key): value for key, value in tensors().items()},
               folder / "pytorch_model.bin")
    return folder


@pytest.mark.parametrize("write", [as_pth, as_safetensors, as_transformers,
                                   as_transformers_pickled])
def test_a_checkpoint_becomes_a_folder(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    """Of the same numbers, by every layout, and of the formats that the command asks for."""
    folder = tmp_path / "source"
    folder.mkdir()
    source, target = write(folder), tmp_path / "model"
    told = import_model(ImportRequest(model=str(source), output=target, options=Options(planes=4)))
    assert "planes 4; words of 18 bits" in told.lines[0]
    stored = load_model(target, RWKV4)
    assert stored.config == CONFIG and stored.formats is not None
    assert set(Formats.from_json(stored.formats).planes.values()) == {4}
    for key, value in tensors().items():
        assert np.array_equal(stored.tensor(key), value.float().numpy()), key


def test_a_tokenizer_is_taken_along_and_its_text_chooses_planes(tmp_path: Path) -> None:

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE({name: index for index, name in enumerate(
        ["<|endoftext|>", *alphabet])}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.save(str(tmp_path / "20B_tokenizer.json"))
    source, text = as_pth(tmp_path), tmp_path / "text"
    text.write_text("The owl sat in the old oak.\n")
    told = import_model(ImportRequest(
        model=str(source), output=tmp_path / "model",
        options=Options(calibrate=text, planes="auto", planes_target=0.005)))
    opened = open_model(RWKV4, str(tmp_path / "model"), None, Report())
    planes = Formats.from_json(opened.model.formats or "").planes
    assert len(set(planes.values())) > 1 and "at most +0.50% wanted" in told.lines[1]
    assert opened.tokenizer().decode(opened.tokenizer().encode("An owl")) == "An owl"
    assert opened.begin is None and opened.generation.ends == (0,)


def test_a_tokenizer_that_is_a_link_to_nothing_is_not_left_out(tmp_path: Path) -> None:
    source = as_pth(tmp_path)
    (tmp_path / "rwkv_vocab_v1.txt").symlink_to("nowhere")
    with pytest.raises(InputError, match="rwkv_vocab_v1.txt: file not found"):
        Rwkv4().open_checkpoint(source)


def test_a_world_vocabulary_goes_with_the_model_and_its_image(tmp_path: Path) -> None:
    """As the tokenizer that it is: text in, text out, on the golden and beside an image."""
    from sterna.families.tokens.image import text_of

    words = "\n".join(f"{byte + 1} {bytes([byte])!r} 1" for byte in range(256))
    (tmp_path / "rwkv_vocab_v1.txt").write_text(f"{words}\n257 'the' 3\n")
    import_model(ImportRequest(model=str(as_pth(tmp_path)), output=tmp_path / "model"))
    opened = open_model(RWKV4, str(tmp_path / "model"), None, Report())
    assert opened.tokenizer().decode(opened.tokenizer().encode("the é")) == "the é"
    side = opened.host_side()
    assert side is not None
    assert text_of(tmp_path / "image", side).tokenizer.encode("the") == [257]


def drop(name: str) -> Callable[[Tensors], Any]:
    return lambda found: found.pop(name)


def put(name: str, value: Any) -> Callable[[Tensors], Any]:
    return lambda found: found.update({name: value})


@pytest.mark.parametrize("change, message", [
    (drop("blocks.1.att.key.weight"), "tensor blocks.1.att.key.weight is missing"),
    (drop("emb.weight"), "has no tensors of an RWKV-4"),
    (put("blocks.1.ffn.key.weight", torch.zeros(20, 13)), r"has shape \[20, 13\], not \[20, 12\]"),
    (put("blocks.1.more", torch.zeros(1)), "tensor blocks.1.more is not part of an RWKV-4 of 2"),
    (put("blocks.0.att.gate.weight", torch.zeros(1)), "is of an RWKV-5, not of an RWKV-4; "
     "Sterna reads RWKV-4, 5.2, 6 and 7"),
    (put("_strategy", "cpu fp32"), "holds _strategy: the package `rwkv` has converted it"),
    (put("epoch", 3), "epoch is no tensor"),
    (put("ln_out.bias", torch.full((12,), torch.nan)), "ln_out.bias holds NaN or infinity"),
])
def test_wrong_files_are_refused(tmp_path: Path, change: Any, message: str) -> None:
    source = as_pth(tmp_path, change)
    with pytest.raises(InputError, match=message):
        import_model(ImportRequest(model=str(source), output=tmp_path / "model"))
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("change, message", [
    ({"attention_hidden_size": 24}, "attention_hidden_size is 24; RWKV-4 has 12"),
    ({"layer_norm_epsilon": 1e-6}, "layer_norm_epsilon is 1e-06"),
    ({"tie_word_embeddings": True}, "tie_word_embeddings is True"),
    ({"hidden_size": 16, "attention_hidden_size": 16}, "has shape .*259, 12.*, not .*259, 16"),
    ({"vocab_size": "many"}, "vocab_size is 'many'"), ({"eos_token_id": 259}, "eos_token_id is"),
])
def test_wrong_folders_are_refused(tmp_path: Path, change: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Rwkv4().open_checkpoint(as_transformers(tmp_path, **change))


def test_tensors_are_named_as_the_folder_has_them(tmp_path: Path) -> None:
    for lost in all_tensors(CONFIG):
        with pytest.raises(InputError, match=f": tensor {theirs(lost)} is missing"):
            Rwkv4().open_checkpoint(as_transformers(tmp_path, lost))


@pytest.mark.parametrize("ends, settings, wanted", [
    ([3, 5], None, (3, 5)), ([3, 5], {}, (3, 5)), ([3, 5], {"eos_token_id": 7}, (7,)), ([], {}, ()),
    ([3, 5], {"eos_token_id": None}, (3, 5)), (3, {"eos_token_id": [5, 3]}, (5, 3)),
])
def test_several_tokens_end_a_text(tmp_path: Path, ends: Any, settings: Any, wanted: Any) -> None:
    source, target = tmp_path / "source", tmp_path / "model"
    source.mkdir()
    as_transformers(source, eos_token_id=ends)
    if settings is not None:
        (source / "generation_config.json").write_text(json.dumps(settings))
    import_model(ImportRequest(model=str(source), output=target,
                               options=Options(no_calibrate=True)))
    assert open_model(RWKV4, str(target), None, Report()).generation.ends == wanted


@pytest.mark.parametrize("ends", [[3, "x"], [259], [-1], [[3]], [None]])
@pytest.mark.parametrize("file", ["config.json", "generation_config.json"])
def test_what_ends_no_text(tmp_path: Path, ends: Any, file: str) -> None:
    as_transformers(tmp_path, **({"eos_token_id": ends} if file == "config.json" else {}))
    if file != "config.json":
        (tmp_path / file).write_text(json.dumps({"eos_token_id": ends}))
    with pytest.raises(InputError, match=f"{file}: .*eos_token_id"):
        import_model(ImportRequest(model=str(tmp_path), output=tmp_path / "model",
                                   options=Options(no_calibrate=True)))
    assert not (tmp_path / "model").exists()


def test_a_folder_without_weights(tmp_path: Path) -> None:
    as_transformers(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(InputError, match="neither model.safetensors nor pytorch_model.bin"):
        Rwkv4().open_checkpoint(tmp_path)


def test_a_model_is_used_as_any_other(tmp_path: Path) -> None:
    """Verified, scored by ids, estimated; with other planes than it was imported with."""
    from sterna.families.requests import EstimateRequest, EvaluateRequest, VerifyRequest
    from sterna.tasks.perform import perform

    import_model(ImportRequest(model=str(as_pth(tmp_path)), output=tmp_path / "model"))
    name = str(tmp_path / "model")
    found: Result = perform(VerifyRequest(
        model=name, device="emulator", options=Options(tokens=4, planes=3)))
    assert found.failure is None and found.to_dict()["differences"] == 0
    ids, logits = tmp_path / "ids.npy", tmp_path / "out.npz"
    np.save(ids, np.random.default_rng(0).integers(0, 259, (2, 12)))
    errors = [perform(EvaluateRequest(model=name, options=Options(
        ids=ids, logits=logits, planes=planes))).to_dict()["error_std"] for planes in (5, 3)]
    assert errors[0] < 0.03 < errors[1] < 0.3
    told = perform(EstimateRequest(
        model=name, board="ulx3s-85f", options=Options(planes=2))).to_dict()
    assert told["fits"] is True


@pytest.mark.parametrize(("words", "more", "told"), [
    ("", {}, "the text is empty; give a text with at least one word"),
    (" \n\n", {}, "the text is empty; give a text with at least one word"),
    ("Once", {"no_calibrate": True}, "give --calibrate TEXT or --no-calibrate, not both"),
    ("Once", {}, "the checkpoint has no tokenizer, which --calibrate needs")])
def test_texts_that_decide_nothing(tmp_path: Path, words: str, more: dict, told: str) -> None:
    text, output = tmp_path / "text", tmp_path / "model"
    text.write_text(words)
    with pytest.raises(InputError, match=told):
        import_model(ImportRequest(model=str(as_pth(tmp_path)), output=output,
                                   options=Options(calibrate=text, **more)))
    assert not output.exists()
