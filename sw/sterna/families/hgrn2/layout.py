"""Names and shapes of the tensors of an HGRN2."""

from __future__ import annotations

from collections.abc import Iterator

from sterna.families.fla.layout import HEAD_NORM, OUTPUT, Shapes, all_tensors
from sterna.families.hgrn2.configuration import Hgrn2Config

LINEAR = {"query": "att.q_proj", "forget": "att.f_proj", "value": "att.i_proj", "output": OUTPUT}
"""Matrices [outputs, inputs] of attention by their names in the program."""
BOUNDS = "lower_bounds"
"""[layers, hidden]: what is least kept, as `reference.bounds` makes it of them."""


def tensors(config: Hgrn2Config) -> Shapes:
    """Key and shape of every tensor, in the order of use."""
    hidden = config.hidden_size

    def layer(index: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        del index
        for key in LINEAR.values():
            yield f"{key}.weight", (hidden, hidden)
        yield HEAD_NORM, (hidden,)

    return all_tensors(config, layer) | {BOUNDS: (config.num_hidden_layers, hidden)}
