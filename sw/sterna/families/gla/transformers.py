"""Folders of flash-linear-attention's GLA."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sterna.errors import InputError
from sterna.families.fla.configuration import split
from sterna.families.fla.layout import ours
from sterna.families.fla.transformers import settings
from sterna.families.gla.configuration import GlaConfig
from sterna.families.gla.version import GLA
from sterna.families.rwkv.transformers import open_folder
from sterna.families.rwkv.weights import RwkvModel


def open_transformers(folder: Path) -> RwkvModel:
    """The model of a folder, without number formats. Raises `InputError` as `open_folder` does."""
    return open_folder(folder, GLA, _configured, ours("g_norm", "g_norm_swish_gate"))


def _configured(values: Mapping[str, Any]) -> GlaConfig:
    heads = values.get("num_heads", 4)
    found = settings(values, {
        "num_kv_heads": (None, heads), "feature_map": (None,), "use_short_conv": (None, False),
        "use_output_gate": (None, True), "clamp_min": (None,), "use_gk": (None, True),
        "use_gv": (None, False)}, "GLA")
    hidden = found.get("hidden_size")
    sizes = {}
    for name, setting, usual in (("key_size", "expand_k", 0.5), ("value_size", "expand_v", 1.0)):
        share = values.get(setting, usual)
        if not all(isinstance(value, int | float) for value in (hidden, share, heads)):
            raise InputError(f"{setting}, hidden_size and num_heads must be numbers")
        sizes[name] = split(hidden * share, heads, setting)
    return GlaConfig(**found, num_heads=heads, **sizes)
