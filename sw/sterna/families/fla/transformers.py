"""Folders of models that flash-linear-attention 0.6.0 saves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sterna.families.fla.configuration import usual_intermediate
from sterna.families.rwkv.transformers import allowed

_ALL = {"attn": (None,), "attnres_block_size": (None,), "hidden_act": (None, "swish"),
        "elementwise_affine": (None, True), "tie_word_embeddings": (None, False)}
"""What their settings must be."""
_TAKEN = ("vocab_size", "hidden_size", "num_hidden_layers", "bos_token_id", "eos_token_id",
          "norm_eps")


def settings(values: Mapping[str, Any], wanted: Mapping[str, tuple[Any, ...]], title: str
             ) -> dict[str, Any]:
    """Of config.json what all such models are configured by. Raises `InputError` for what Sterna
    does not know, of all and of these models, as `allowed` does."""
    allowed(values, {**_ALL, **wanted}, title)
    found = {name: values[name] for name in _TAKEN if name in values}
    wide, ratio = values.get("intermediate_size"), values.get("hidden_ratio")
    if wide is None and isinstance(values.get("hidden_size"), int):
        wide = usual_intermediate(values["hidden_size"],
                                  ratio if isinstance(ratio, int | float) else 4)
    return found | {"intermediate_size": wide or 0}
