"""What config.json of flash-linear-attention's models of delta rules have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sterna.errors import InputError
from sterna.families.fla.configuration import split
from sterna.families.layers.convolution import TAPS

COMMON = {"use_short_conv": (None, True), "conv_size": (None, TAPS)}
"""What their settings must be."""


def flag(values: Mapping[str, Any], name: str, usual: bool) -> int:
    """A setting that is true or false, as 1 or 0. Raises `InputError` for another."""
    found = values.get(name, usual)
    if not isinstance(found, bool):
        raise InputError(f"{name} is {found!r}; it must be true or false")
    return int(found)


def wide_heads(values: Mapping[str, Any]) -> dict[str, Any]:
    """Of models whose keys have ``head_dim`` elements a head, their values ``expand_v`` times as
    many, 2 unless told."""
    size, share = values.get("head_dim", 256), values.get("expand_v", 2.0)
    if not all(isinstance(number, int | float) for number in (size, share)):
        raise InputError("head_dim and expand_v must be numbers")
    return {"key_size": size, "value_size": split(size * share, 1, "head_dim * expand_v")}
