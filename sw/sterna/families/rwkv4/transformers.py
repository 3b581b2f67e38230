"""Folders of transformers' RWKV-4.

transformers (5.24) divides output and value matrices of layer i by 2**(i // 6) in place at its
first forward; a model saved after that is another model, and nothing in the file tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sterna.families.rwkv.configuration import NORM_EPSILON
from sterna.families.rwkv.layout import EMBEDDINGS
from sterna.families.rwkv.transformers import allowed, open_folder
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv4.configuration import RwkvConfig
from sterna.families.rwkv4.version import RWKV4

_THEIRS = {
    "rwkv.embeddings.weight": EMBEDDINGS, "rwkv.ln_out": "ln_out", "rwkv.blocks.": "blocks.",
    "pre_ln": "ln0", "attention.": "att.", "feed_forward.": "ffn.", "time_mix_key": "time_mix_k",
    "time_mix_value": "time_mix_v", "time_mix_receptance": "time_mix_r",
}
"""What transformers calls the authors' tensors, by parts of their names."""


def open_transformers(folder: Path) -> RwkvModel:
    """The model of a folder, without number formats. Raises `InputError` as `open_folder` does."""
    return open_folder(folder, RWKV4, _configured, _THEIRS)


def _configured(values: Mapping[str, Any]) -> RwkvConfig:
    hidden = values.get("hidden_size")
    allowed(values, {"attention_hidden_size": (None, hidden), "tie_word_embeddings": (None, False),
                     "layer_norm_epsilon": (None, NORM_EPSILON)}, "RWKV-4")
    names = ("vocab_size", "hidden_size", "num_hidden_layers", "eos_token_id")
    given: dict[str, Any] = {name: values[name] for name in names if name in values}
    # It writes 0 as begin token into every file, though no text was trained with it in front.
    return RwkvConfig(**{**given, "bos_token_id": None,
                         "intermediate_size": values.get("intermediate_size") or 0})
