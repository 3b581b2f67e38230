"""Names and shapes of the tensors of an RWKV-4: those of the authors' files, which are ours too."""

from __future__ import annotations

from collections.abc import Iterator

from sterna.families.rwkv.layout import (
    EMBEDDINGS,
    FIRST_NORM,
    HEAD,
    LAST_NORM,
    layer_key,
    norm_tensors,
)
from sterna.families.rwkv4.configuration import RwkvConfig

MATRICES = {
    "key": "att.key", "value": "att.value", "receptance": "att.receptance", "output": "att.output",
    "wide": "ffn.key", "gate": "ffn.receptance", "down": "ffn.value",
}
"""Matrices of a layer by their names in the program."""
SHIFTED = {"key": "att.time_mix_k", "value": "att.time_mix_v", "receptance": "att.time_mix_r",
           "wide": "ffn.time_mix_k", "gate": "ffn.time_mix_r"}
"""What of the present token enters a matrix; the rest is of the one before."""
DECAY, BONUS = "att.time_decay", "att.time_first"


def matrix_shape(config: RwkvConfig, name: str) -> tuple[int, int]:
    """Rows and columns of a matrix of a layer."""
    hidden, wide = config.hidden_size, config.intermediate_size
    return {"wide": (wide, hidden), "down": (hidden, wide)}.get(name, (hidden, hidden))


def all_tensors(config: RwkvConfig) -> dict[str, tuple[int, ...]]:
    """Key and shape of every tensor, in the order of use."""
    hidden = config.hidden_size
    found: dict[str, tuple[int, ...]] = {EMBEDDINGS: (config.vocab_size, hidden)}
    found |= norm_tensors(FIRST_NORM, hidden)
    for layer in range(config.num_hidden_layers):
        found |= {layer_key(layer, name): shape for name, shape in _layer(config)}
    return found | norm_tensors(LAST_NORM, hidden) | {HEAD: (config.vocab_size, hidden)}


def _layer(config: RwkvConfig) -> Iterator[tuple[str, tuple[int, ...]]]:
    hidden = config.hidden_size
    yield from norm_tensors("ln1", hidden).items()
    yield from norm_tensors("ln2", hidden).items()
    yield from ((name, (hidden,)) for name in (DECAY, BONUS))
    yield from ((name, (1, 1, hidden)) for name in SHIFTED.values())
    yield from ((f"{key}.weight", matrix_shape(config, name)) for name, key in MATRICES.items())
