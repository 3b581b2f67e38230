"""What people have in place of what Sterna reads: what it is, and the next step.

Each function gives the rest of a line behind the name of the thing, or None where it knows nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sterna.reading import read_json

WANTED = "config.json and model.safetensors"
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_FROM_ORIGINAL = (f"Sterna reads the folder with {WANTED} that it was made of; fetch that, and "
                  "import it")
_FILES = {
    ".gguf": f"is a GGUF file, whose weights are quantised for other programs; {_FROM_ORIGINAL}",
    ".ggml": f"is a GGML file, whose weights are quantised for other programs; {_FROM_ORIGINAL}",
    ".safetensors": "holds tensors alone; give the folder that it is in, with its config.json",
    ".onnx": f"is an ONNX graph; {_FROM_ORIGINAL}",
    ".json": "is a part of a folder; give the folder that it is in",
    ".sterna": "is a memory image; give it as --image FILE to sterna run",
    ".zip": "is an archive; unpack it, and give the folder",
    ".tar": "is an archive; unpack it, and give the folder",
    ".gz": "is an archive; unpack it, and give the folder",
    **dict.fromkeys((".bin", ".pt", ".pth", ".ckpt", ".pkl"), (
        "holds pickled weights, which may run any program when they are read; save the model with "
        f"safetensors (save_pretrained), and give the folder with {WANTED}")),
}
_PREFIXES = {
    "_orig_mod.": "saved from torch.compile; save model._orig_mod, or rename the tensors",
    "module.": "saved from DataParallel; save model.module, or rename the tensors",
    "base_model.model.": "saved with an adapter of peft; save model.merge_and_unload()",
}
_VARIANT = re.compile(r"model\.([A-Za-z0-9_]+)(-\d+-of-\d+)?\.safetensors"
                      r"|model(-\d+-of-\d+)?\.([A-Za-z0-9_]+)\.safetensors")
_SHARD = re.compile(r"(model|pytorch_model)-\d+-of-(\d+)\.safetensors")


def told_of_name(text: str) -> str | None:
    """Of a MODEL or SRC that is no folder and no form of a family."""
    if _URL.match(text):
        return ("is a URL, and Sterna fetches nothing; download it (git clone with Git LFS, or "
                "hf download), and give the folder")
    if (told := _FILES.get(os.path.splitext(text)[1].lower())) is not None:
        return told
    if not os.path.lexists(text) and _HUB_NAME.fullmatch(text):
        return ("no such folder; if it is a model of the Hugging Face Hub, sterna import "
                f"hub:{text} -o MODEL, or, where another computer alone reaches it, hf download "
                f"{text} --local-dir DIR there, and then sterna import DIR -o MODEL")
    return None


def told_of_weights(folder: Path) -> str | None:
    """Of a folder with a config.json and without model.safetensors or its index."""
    names = _names(folder)
    if "adapter_config.json" in names or "adapter_model.safetensors" in names:
        return _adapter(folder)
    for name in names:
        if _VARIANT.fullmatch(name) and not _SHARD.fullmatch(name):
            return (f"holds the variant {name}; Sterna reads model.safetensors: rename it (of "
                    "several, all and their index), or fetch the usual files")
    if shard := next(filter(None, map(_SHARD.fullmatch, names)), None):
        return (f"holds {shard[0]}, one of {int(shard[2])} shards, and no "
                "model.safetensors.index.json, which says what is in which; fetch that too")
    for name in names:
        suffix = os.path.splitext(name)[1]
        if suffix in (".gguf", ".bin", ".pt", ".pth", ".ckpt") and "training_args" not in name:
            return f"holds {name}, which {_FILES[suffix]}"
        if suffix == ".safetensors":
            return f"holds {name}; Sterna reads model.safetensors: rename it"
    return None


def told_of_folder(folder: Path) -> str | None:
    """Of a folder without a config.json."""
    names = _names(folder)
    if "adapter_config.json" in names:
        return _adapter(folder)
    below = [path for pattern in ("*/config.json", "snapshots/*/config.json")
             for path in sorted(folder.glob(pattern))]
    if below:
        return f"has no config.json, and {below[0].parent} has one; give that folder"
    if "params.json" in names or any(name.endswith(".gguf") for name in names):
        return f"has no config.json; {_FROM_ORIGINAL}"
    return None


def told_of_keys(keys: Iterable[str]) -> str | None:
    """Of the names of tensors that a checkpoint has too much."""
    for key in keys:
        for prefix, way in _PREFIXES.items():
            if key.startswith(prefix):
                return (f"its tensors have names such as {key}, with {prefix} in front: {way}; "
                        f"Sterna reads {key.removeprefix(prefix)}")
    return None


def told_of_configuration(values: Mapping[str, Any]) -> str | None:
    """Of a config.json of another architecture that people take for a MatMul-free LM."""
    kind, quantised = values.get("model_type"), values.get("quantization_config")
    method = quantised.get("quant_method") if isinstance(quantised, Mapping) else None
    if values.get("use_moe") or values.get("num_experts") or values.get("num_local_experts"):
        return ("is of a mixture of experts (use_moe, num_experts); Sterna reads MatMul-free LMs "
                "with one channel mixer a layer")
    if method == "bitnet" or kind in ("bitnet", "bitnet_b1_58"):
        return (f"is of a BitNet ({kind}): ternary matrices, but with attention, which Sterna does "
                "not have yet; it reads MatMul-free LMs, model_type 'hgrn_bit', such as "
                "ridgerchu/matmulfreellm-370M")
    if kind == "hgrn":
        return ("is of hgrn, whose matrices are not ternary; Sterna reads their ternary kin, "
                "MatMul-free LMs, model_type 'hgrn_bit', and hgrn2; train one of these")
    if method is not None:
        return (f"is of weights quantised by {method!r}; Sterna reads the latent weights in 16 or "
                "32 bits of a MatMul-free LM: fetch the checkpoint as it was trained")
    return None


def _adapter(folder: Path) -> str:
    base = None
    if "adapter_config.json" in _names(folder):
        base = read_json(folder / "adapter_config.json").get("base_model_name_or_path")
    whose = f" of {base}" if isinstance(base, str) else ""
    return (f"holds an adapter (peft){whose}, not a model; merge it into its model "
            "(merge_and_unload, save_pretrained), and import that")


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
