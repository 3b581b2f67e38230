"""Names and shapes of the tensors of an RWKV-5: those of the authors' files, which are ours too.

Of its three forms this is the last, 5.2: gates, and a decay and a bonus for every key of a head.
"""

from __future__ import annotations

from collections.abc import Iterator

from sterna.families.rwkv.headed import HEAD_NORM, headed_shape
from sterna.families.rwkv.layout import linear_shape, norm_tensors, tensors_of
from sterna.families.rwkv5.configuration import Rwkv5Config

MATRICES = {"key": "att.key", "value": "att.value", "receptance": "att.receptance",
            "gate": "att.gate", "output": "att.output", "wide": "ffn.key",
            "admit": "ffn.receptance", "down": "ffn.value"}
"""Matrices [outputs, inputs] of a layer by their names in the program."""
HEADED = ("receptance", "key", "value", "gate")
"""Those of them that have a row for each element of the heads."""
SHIFTED = {"key": "att.time_mix_k", "value": "att.time_mix_v", "receptance": "att.time_mix_r",
           "gate": "att.time_mix_g", "wide": "ffn.time_mix_k", "admit": "ffn.time_mix_r"}
"""What of the present token enters a matrix; the rest is of the one before."""
DECAY, BONUS = "att.time_decay", "att.time_faaaa"
"""The bonus is as it is; of the decay the states keep exp(-exp(decay))."""


def matrix_shape(config: Rwkv5Config, name: str) -> tuple[int, int]:
    """Rows and columns of a matrix in the program: heads have their padding."""
    return headed_shape(config, name, HEADED)


def all_tensors(config: Rwkv5Config) -> dict[str, tuple[int, ...]]:
    """Key and shape of every tensor, in the order of use."""
    return tensors_of(config, lambda layer: _layer(config))


def _layer(config: Rwkv5Config) -> Iterator[tuple[str, tuple[int, ...]]]:
    hidden = config.hidden_size
    for norm in ("ln1", "ln2", HEAD_NORM):
        yield from norm_tensors(norm, hidden).items()
    yield from ((name, (1, 1, hidden)) for name in SHIFTED.values())
    yield from ((name, (config.heads.count, config.head_size)) for name in (DECAY, BONUS))
    yield from ((f"{key}.weight", linear_shape(config, name)) for name, key in MATRICES.items())
