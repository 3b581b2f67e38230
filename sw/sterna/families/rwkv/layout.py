"""Names of tensors that all versions have: those of the authors' files, which are ours too."""

from __future__ import annotations

EMBEDDINGS, HEAD = "emb.weight", "head.weight"
FIRST_NORM, LAST_NORM = "blocks.0.ln0", "ln_out"


def layer_key(layer: int, name: str) -> str:
    """The tensor of a layer."""
    return f"blocks.{layer}.{name}"


def norm_tensors(name: str, hidden: int) -> dict[str, tuple[int, ...]]:
    """Those of a norm."""
    return {f"{name}.weight": (hidden,), f"{name}.bias": (hidden,)}
