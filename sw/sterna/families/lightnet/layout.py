"""Names and shapes of the tensors of a LightNet."""

from __future__ import annotations

from collections.abc import Iterator

from sterna.families.fla.layout import HEAD_NORM, OUTPUT, Shapes, all_tensors
from sterna.families.lightnet.configuration import LightNetConfig

LINEAR = {"query": "att.q_proj", "key": "att.k_proj", "value": "att.v_proj",
          "gate_down": "att.g_proj.0", "gate_up": "att.g_proj.1", "output": OUTPUT}
"""Matrices [outputs, inputs] of attention by their names in the program."""
KEYED = ("query", "key")
"""Those with a row for each element of the heads of keys; `VALUED` of those of values."""
VALUED = ("value", "gate_up")


def attention_shape(config: LightNetConfig, name: str, keys: int, values: int) -> tuple[int, int]:
    """Outputs and inputs of one of `LINEAR`, where all heads have so many elements."""
    hidden, rank = config.hidden_size, config.gate_rank
    return {"gate_down": (rank, hidden), "gate_up": (values, rank), "output": (hidden, values)}.get(
        name, (keys if name in KEYED else values, hidden))


def tensors(config: LightNetConfig) -> Shapes:
    """Key and shape of every tensor, in the order of use."""
    keys, values = (config.num_heads * size for size in (config.key_size, config.value_size))

    def layer(index: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        del index
        for name, key in LINEAR.items():
            yield f"{key}.weight", attention_shape(config, name, keys, values)
        yield HEAD_NORM, (values,)

    return all_tensors(config, layer)
