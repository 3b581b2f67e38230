"""Names and shapes of the tensors of an RWKV-7: those of the authors' files, which are ours too."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sterna.families.rwkv.headed import HEAD_NORM, headed_shape
from sterna.families.rwkv.layout import layer_key, linear_shape, norm_tensors, tensors_of
from sterna.families.rwkv7.configuration import Rwkv7Config

FASTEST = -0.606531
"""Logarithm of the fastest decay: -exp(-0.5) as the authors' code has it."""
MIXED = "rwkvag"
"""What two tokens are mixed for: receptances, decays, keys, values, learning rates, gates."""
LOW_RANK = {"decay": "w", "rate": "a", "first": "v", "gate": "g"}
"""Pairs of maps, in the program ``<name>_down`` and ``<name>_up``, by the authors' letter; `first`
gives shares of the first layer's values, and only later layers have it."""
KEY_GAIN, KEY_SHARE, BONUS = "att.k_k", "att.k_a", "att.r_k"
LINEAR = {"receptance": "att.receptance", "key": "att.key", "value": "att.value",
          "output": "att.output", "wide": "ffn.key", "down": "ffn.value"}
"""Matrices [outputs, inputs] of a layer by their names in the program."""
HEADED = ("receptance", "key", "value")
"""Those of them that have a row for each element of the heads."""
MATRICES = (*(f"{pair}_{part}" for pair in LOW_RANK for part in ("down", "up")), *LINEAR)
"""All matrices."""


def rank(config: Rwkv7Config, pair: str) -> int:
    """Of a pair of maps."""
    return {"decay": config.decay_rank, "rate": config.rate_rank, "first": config.value_rank,
            "gate": config.gate_rank}[pair]


def matrix_shape(config: Rwkv7Config, name: str) -> tuple[int, int]:
    """Rows and columns of a matrix in the program: heads have their padding."""
    heads, hidden = config.heads.length, config.hidden_size
    pair, _, part = name.rpartition("_")
    if pair in LOW_RANK:
        inner = rank(config, pair)
        return (inner, hidden) if part == "down" else (heads, inner)
    return headed_shape(config, name, HEADED)


def all_tensors(config: Rwkv7Config) -> dict[str, tuple[int, ...]]:
    """Key and shape of every tensor, in the order of use."""
    return tensors_of(config, partial(_layer, config))


def unread_tensors(config: Rwkv7Config) -> tuple[str, ...]:
    """Those of the first layer that some files have, and that nothing reads."""
    del config
    return tuple(layer_key(0, f"att.v{part}") for part in "012")


def _layer(config: Rwkv7Config, layer: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    hidden = config.hidden_size
    for norm in ("ln1", "ln2", HEAD_NORM):
        yield from norm_tensors(norm, hidden).items()
    for name in (*(f"att.x_{letter}" for letter in MIXED), KEY_GAIN, KEY_SHARE, "ffn.x_k"):
        yield name, (1, 1, hidden)
    yield BONUS, (config.heads.count, config.head_size)
    for pair, letter in LOW_RANK.items():
        if pair == "first" and layer == 0:
            continue
        inner = rank(config, pair)
        if pair != "gate":
            yield f"att.{letter}0", (1, 1, hidden)
        yield f"att.{letter}1", (hidden, inner)
        yield f"att.{letter}2", (inner, hidden)
    yield from ((f"{key}.weight", linear_shape(config, name)) for name, key in LINEAR.items())
