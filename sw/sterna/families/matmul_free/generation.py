"""How texts of a MatMul-free LM go on: its configuration under ``generation_config.json``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.formats.generation import Generation, read_generation


def generation_of(config: ModelConfig, settings: Mapping[str, Any]) -> Generation:
    """What the settings make of the configuration's tokens. Raises `InputError`."""
    return read_generation(config.bos_token_id, config.end_tokens, settings, config.vocab_size)


def check_generation(config: ModelConfig, settings: Mapping[str, Any], path: Path) -> None:
    """Raise `InputError` naming the file for settings that mean nothing."""
    try:
        generation_of(config, settings)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
