"""Folders of transformers' Mamba."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sterna.errors import InputError
from sterna.families.layers.convolution import TAPS
from sterna.families.mamba.configuration import MambaConfig
from sterna.families.mamba.layout import THEIRS
from sterna.families.mamba.version import MAMBA
from sterna.families.rwkv.transformers import allowed, open_folder
from sterna.families.rwkv.weights import RwkvModel

_TAKEN = {"vocab_size": "vocab_size", "hidden_size": "hidden_size", "state_size": "state_size",
          "num_hidden_layers": "num_hidden_layers", "bos_token_id": "bos_token_id",
          "eos_token_id": "eos_token_id", "layer_norm_epsilon": "norm_eps",
          "time_step_rank": "step_rank"}
"""Ours by their settings."""


def open_transformers(folder: Path) -> RwkvModel:
    """The model of a folder, without number formats. Raises `InputError` as `open_folder` does."""
    return open_folder(folder, MAMBA, _configured, THEIRS)


def _configured(values: Mapping[str, Any]) -> MambaConfig:
    allowed(values, {"conv_kernel": (None, TAPS), "use_bias": (None, False),
                     "use_conv_bias": (None, True), "hidden_act": (None, "silu"),
                     "tie_word_embeddings": (None, False, True)}, "Mamba")
    found = {ours: values[name] for name, ours in _TAKEN.items() if name in values}
    if found.get("step_rank") == "auto":
        del found["step_rank"]
    hidden, share = values.get("hidden_size", MambaConfig.hidden_size), values.get("expand", 2)
    if not all(isinstance(number, int | float) for number in (hidden, share)):
        raise InputError("hidden_size and expand must be numbers")
    return MambaConfig(**found, intermediate_size=int(share * hidden))
