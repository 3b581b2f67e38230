"""Folders of flash-linear-attention's Gated DeltaProduct."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sterna.families.deltaproduct.configuration import DeltaProductConfig
from sterna.families.deltaproduct.version import DELTAPRODUCT
from sterna.families.fla.delta_transformers import COMMON, flag, wide_heads
from sterna.families.fla.layout import ours
from sterna.families.fla.transformers import settings
from sterna.families.rwkv.transformers import open_folder
from sterna.families.rwkv.weights import RwkvModel


def open_transformers(folder: Path) -> RwkvModel:
    """The model of a folder, without number formats. Raises `InputError` as `open_folder` does."""
    return open_folder(folder, DELTAPRODUCT, _configured, ours("o_norm"))


def _configured(values: Mapping[str, Any]) -> DeltaProductConfig:
    found = settings(values, COMMON, "Gated DeltaProduct")
    return DeltaProductConfig(
        **found, **wide_heads(values), num_heads=values.get("num_heads", 6),
        steps=values.get("num_householder", 1), forgets=flag(values, "use_forget_gate", False),
        gated=flag(values, "use_output_gate", True),
        negative=flag(values, "allow_neg_eigval", False))
