"""Folders of flash-linear-attention's HGRN2."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sterna.errors import InputError
from sterna.families.fla.configuration import split
from sterna.families.fla.layout import ours
from sterna.families.fla.transformers import settings
from sterna.families.hgrn2.configuration import Hgrn2Config
from sterna.families.hgrn2.layout import BOUNDS
from sterna.families.hgrn2.version import HGRN2
from sterna.families.rwkv.transformers import open_folder
from sterna.families.rwkv.weights import RwkvModel


def open_transformers(folder: Path) -> RwkvModel:
    """The model of a folder, without number formats. Raises `InputError` as `open_folder` does."""
    return open_folder(folder, HGRN2, _configured, {f"model.{BOUNDS}": BOUNDS, **ours("g_norm")})


def _configured(values: Mapping[str, Any]) -> Hgrn2Config:
    found = settings(values, {
        "use_short_conv": (None, False), "use_lower_bound": (None, True)}, "HGRN2")
    hidden, size = found.get("hidden_size"), values.get("expand_ratio", 128)
    if size is None and isinstance(heads := values.get("num_heads"), int) and heads > 0 and (
            isinstance(hidden, int)):
        size = hidden // heads
    if not isinstance(hidden, int) or not isinstance(size, int) or size < 1:
        raise InputError("hidden_size and expand_ratio, or num_heads, must be whole numbers")
    heads = split(hidden, size, "hidden_size")  # which the package takes, whatever num_heads says
    return Hgrn2Config(**found, num_heads=heads, key_size=size, value_size=size)
