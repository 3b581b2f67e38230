"""Folders of flash-linear-attention's LightNet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sterna.errors import InputError
from sterna.families.fla.configuration import split
from sterna.families.fla.layout import ours
from sterna.families.fla.transformers import settings
from sterna.families.lightnet.configuration import LightNetConfig
from sterna.families.lightnet.version import LIGHTNET
from sterna.families.rwkv.transformers import open_folder
from sterna.families.rwkv.weights import RwkvModel


def open_transformers(folder: Path) -> RwkvModel:
    """The model of a folder, without number formats. Raises `InputError` as `open_folder` does."""
    return open_folder(folder, LIGHTNET, _configured, ours("g_norm"))


def _configured(values: Mapping[str, Any]) -> LightNetConfig:
    found = settings(values, {"use_short_conv": (None, False)}, "LightNet")
    hidden, heads = found.get("hidden_size"), values.get("num_heads")
    size, rank = values.get("expand_ratio", 128), values.get("gate_low_rank_dim", 128)
    told = [number for number in (heads, size) if number is not None]
    if not isinstance(hidden, int) or not told or not all(
            isinstance(number, int) for number in told):
        raise InputError("hidden_size and expand_ratio, or num_heads, must be whole numbers")
    if heads is None:
        heads = split(hidden, size, "hidden_size")
    values_size = split(hidden, heads, "hidden_size")
    return LightNetConfig(**found, num_heads=heads, value_size=values_size,
                          key_size=values_size if size is None else size, gate_rank=rank)
