"""Names and shapes of the tensors of an RWKV-4: those of the authors' files, which are ours too."""

from __future__ import annotations

from collections.abc import Iterator

from sterna.families.rwkv4.configuration import RwkvConfig

EMBEDDINGS, HEAD = "emb.weight", "head.weight"
MATRICES = {
    "key": "att.key", "value": "att.value", "receptance": "att.receptance", "output": "att.output",
    "wide": "ffn.key", "gate": "ffn.receptance", "down": "ffn.value",
}
"""Matrices of a layer by their names in the program."""
SHIFTED = {"key": "att.time_mix_k", "value": "att.time_mix_v", "receptance": "att.time_mix_r",
           "wide": "ffn.time_mix_k", "gate": "ffn.time_mix_r"}
"""What of the present token enters a matrix; the rest is of the one before."""
DECAY, BONUS = "att.time_decay", "att.time_first"
FIRST_NORM, LAST_NORM = "blocks.0.ln0", "ln_out"


def layer_key(layer: int, name: str) -> str:
    """The tensor of a layer."""
    return f"blocks.{layer}.{name}"


def matrix_shape(config: RwkvConfig, name: str) -> tuple[int, int]:
    """Rows and columns of a matrix of a layer."""
    hidden, wide = config.hidden_size, config.intermediate_size
    return {"wide": (wide, hidden), "down": (hidden, wide)}.get(name, (hidden, hidden))


def all_tensors(config: RwkvConfig) -> dict[str, tuple[int, ...]]:
    """Key and shape of every tensor, in the order of use."""
    hidden = config.hidden_size
    found: dict[str, tuple[int, ...]] = {EMBEDDINGS: (config.vocab_size, hidden)}
    found |= _norm(FIRST_NORM, hidden)
    for layer in range(config.num_hidden_layers):
        found |= {layer_key(layer, name): shape for name, shape in _layer(config)}
    return found | _norm(LAST_NORM, hidden) | {HEAD: (config.vocab_size, hidden)}


def _layer(config: RwkvConfig) -> Iterator[tuple[str, tuple[int, ...]]]:
    hidden = config.hidden_size
    yield from _norm("ln1", hidden).items()
    yield from _norm("ln2", hidden).items()
    yield from ((name, (hidden,)) for name in (DECAY, BONUS))
    yield from ((name, (1, 1, hidden)) for name in SHIFTED.values())
    yield from ((f"{key}.weight", matrix_shape(config, name)) for name, key in MATRICES.items())


def _norm(name: str, hidden: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (hidden,), f"{name}.bias": (hidden,)}
