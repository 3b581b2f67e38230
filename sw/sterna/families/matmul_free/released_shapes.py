"""The shapes of the released models."""

from __future__ import annotations

from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.suggest import did_you_mean

SHAPES: dict[str, ModelConfig] = {
    "370m": ModelConfig(hidden_size=1024, num_hidden_layers=24),
    "1.3b": ModelConfig(hidden_size=2048, num_hidden_layers=24),
    "2.7b": ModelConfig(hidden_size=2560, num_hidden_layers=32),
}
"""Geometry of MMfreeLM-370M, -1.3B and -2.7B."""


def released_shape(name: str) -> ModelConfig:
    """The geometry of a released size. Raises `InputError` for an unknown name."""
    if name not in SHAPES:
        raise InputError(f"shape {name!r}: no such size; there are {', '.join(SHAPES)}"
                         f"{did_you_mean(name, SHAPES)}")
    return SHAPES[name]
