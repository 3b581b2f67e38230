"""Names and shapes of the tensors of an RWKV-4: those of the authors' files, which are ours too."""

from __future__ import annotations

from collections.abc import Iterator

from sterna.families.rwkv.layout import linear_shape, norm_tensors, tensors_of
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


def all_tensors(config: RwkvConfig) -> dict[str, tuple[int, ...]]:
    """Key and shape of every tensor, in the order of use."""
    return tensors_of(config, lambda layer: _layer(config))


def _layer(config: RwkvConfig) -> Iterator[tuple[str, tuple[int, ...]]]:
    hidden = config.hidden_size
    yield from norm_tensors("ln1", hidden).items()
    yield from norm_tensors("ln2", hidden).items()
    yield from ((name, (hidden,)) for name in (DECAY, BONUS))
    yield from ((name, (1, 1, hidden)) for name in SHIFTED.values())
    yield from ((f"{key}.weight", linear_shape(config, name)) for name, key in MATRICES.items())
