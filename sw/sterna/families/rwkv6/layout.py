"""Names and shapes of the tensors of an RWKV-6: those of the authors' files, which are ours too."""

from __future__ import annotations

from collections.abc import Iterator

from sterna.families.rwkv.headed import HEAD_NORM, headed_shape
from sterna.families.rwkv.layout import linear_shape, norm_tensors, tensors_of
from sterna.families.rwkv6.configuration import Rwkv6Config

MIXED = "wkvrg"
"""What tokens are mixed for, in the order of the maps: decays, keys, values, receptances, gates."""
MIX_FIRST, MIX_SECOND = "att.time_maa_w1", "att.time_maa_w2"
"""[hidden, 5 * rank], and [5, rank, hidden]: inputs come first."""
DECAY, DECAY_FIRST, DECAY_SECOND = "att.time_decay", "att.time_decay_w1", "att.time_decay_w2"
BONUS = "att.time_faaaa"
LOW_RANK = (*(f"mix_{letter}" for letter in MIXED), "decay")
"""Pairs of maps, in the program ``<name>_down`` and ``<name>_up``."""
LINEAR = {"receptance": "att.receptance", "key": "att.key", "value": "att.value",
          "gate": "att.gate", "output": "att.output", "wide": "ffn.key",
          "admit": "ffn.receptance", "down": "ffn.value"}
"""Matrices [outputs, inputs] of a layer by their names in the program."""
HEADED = ("receptance", "key", "value", "gate")
"""Those of them that have a row for each element of the heads."""
MATRICES = (*(f"{pair}_{part}" for pair in LOW_RANK for part in ("down", "up")), *LINEAR)
"""All matrices."""


def rank(config: Rwkv6Config, pair: str) -> int:
    """Of a pair of maps."""
    return config.decay_rank if pair == "decay" else config.mix_rank


def matrix_shape(config: Rwkv6Config, name: str) -> tuple[int, int]:
    """Rows and columns of a matrix in the program: heads have their padding."""
    heads, hidden = config.heads.length, config.hidden_size
    pair, _, part = name.rpartition("_")
    if pair in LOW_RANK:
        inner, wide = rank(config, pair), heads if pair == "decay" else hidden
        return (inner, hidden) if part == "down" else (wide, inner)
    return headed_shape(config, name, HEADED)


def all_tensors(config: Rwkv6Config) -> dict[str, tuple[int, ...]]:
    """Key and shape of every tensor, in the order of use."""
    return tensors_of(config, lambda layer: _layer(config))


def _layer(config: Rwkv6Config) -> Iterator[tuple[str, tuple[int, ...]]]:
    hidden, mix, decay = config.hidden_size, config.mix_rank, config.decay_rank
    for norm in ("ln1", "ln2", HEAD_NORM):
        yield from norm_tensors(norm, hidden).items()
    for name in (*(f"att.time_maa_{letter}" for letter in "x" + MIXED), DECAY,
                 "ffn.time_maa_k", "ffn.time_maa_r"):
        yield name, (1, 1, hidden)
    yield MIX_FIRST, (hidden, len(MIXED) * mix)
    yield MIX_SECOND, (len(MIXED), mix, hidden)
    yield DECAY_FIRST, (hidden, decay)
    yield DECAY_SECOND, (decay, hidden)
    yield BONUS, (config.heads.count, config.head_size)
    yield from ((f"{key}.weight", linear_shape(config, name)) for name, key in LINEAR.items())
