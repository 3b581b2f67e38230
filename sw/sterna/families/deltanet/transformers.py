"""Folders of flash-linear-attention's DeltaNet and Gated DeltaNet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sterna.errors import InputError
from sterna.families.deltanet.configuration import DeltaNetConfig
from sterna.families.deltanet.version import DELTANET
from sterna.families.fla.configuration import split
from sterna.families.fla.delta_transformers import COMMON, flag, wide_heads
from sterna.families.fla.layout import ours
from sterna.families.fla.transformers import settings
from sterna.families.rwkv.transformers import open_folder
from sterna.families.rwkv.weights import RwkvModel

PLAIN, GATED = "delta_net", "gated_deltanet"
"""What config.json calls them."""


def open_transformers(folder: Path) -> RwkvModel:
    """The model of a folder, without number formats. Raises `InputError` as `open_folder` does."""
    return open_folder(folder, DELTANET, _configured, ours("o_norm"))


def _configured(values: Mapping[str, Any]) -> DeltaNetConfig:
    forgets = values.get("model_type") == GATED
    heads = values.get("num_heads", 6 if forgets else 16)
    own = {"num_v_heads": (None, heads), "output_gate_activation": (None, "silu", "swish")} if (
        forgets) else {"use_beta": (None, True), "qk_norm": (None, "l2"),
                       "qk_activation": (None, "silu")}
    found = settings(values, {**COMMON, **own}, "Gated DeltaNet" if forgets else "DeltaNet")
    sizes = wide_heads(values) if forgets else _split(values, found.get("hidden_size"), heads)
    return DeltaNetConfig(**found, **sizes, num_heads=heads, forgets=int(forgets),
                          gated=flag(values, "use_gate", forgets),
                          negative=flag(values, "allow_neg_eigval", False))


def _split(values: Mapping[str, Any], hidden: Any, heads: Any) -> dict[str, Any]:
    shares = {"key_size": values.get("expand_k", 1.0), "value_size": values.get("expand_v", 1.0)}
    if not all(isinstance(number, int | float) for number in (hidden, heads, *shares.values())):
        raise InputError("expand_k, expand_v, hidden_size and num_heads must be numbers")
    return {name: split(hidden * share, heads, "expanded hidden_size")
            for name, share in shares.items()}
