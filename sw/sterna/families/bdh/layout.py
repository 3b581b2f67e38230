"""Names and shapes of the tensors of a BDH, and of its matrices in the program.

The neurons of a head lie in pairs that are turned together: those of even and of odd numbers are
matrices, vectors and states of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sterna.families.bdh.configuration import BdhConfig
from sterna.families.rwkv.layout import EMBEDDINGS, HEAD, layer_key

ENTER, GATE, LEAVE = "enter", "gate", "leave"
KINDS = {ENTER: "encoder", GATE: "encoder_v", LEAVE: "decoder"}
"""What makes neurons of the residual stream, what of what they read, and what leads out, by the
names of tensors."""
HALVES = ("even", "odd")
THETA = 2.0**16
"""Of the frequencies of pairs, the slowest of which is nearly its reciprocal."""


class Matrix(NamedTuple):
    """A matrix of the program: the neurons of a half of a head."""

    kind: str
    head: int
    half: int

    @property
    def name(self) -> str:
        """Its name."""
        return f"{self.kind}{self.head}_{HALVES[self.half]}"

    def of(self, tensor: NDArray[np.floating]) -> NDArray[np.floating]:
        """[outputs, inputs] of the tensor of its kind, heads first: [heads, inputs, outputs]."""
        found: NDArray[np.floating] = tensor[self.head]
        return (found[self.half::2] if self.kind == LEAVE else found[:, self.half::2]).T


def matrices(heads: int, *kinds: str) -> Iterator[Matrix]:
    """Those of so many heads."""
    return (Matrix(kind, head, half) for kind in kinds or KINDS for head in range(heads)
            for half in range(len(HALVES)))


def frequencies(neurons: int) -> NDArray[np.float64]:
    """Of the pairs of a head, in turns a token."""
    return THETA ** (-np.arange(0, neurons, 2) / neurons) / (2 * np.pi)


def tensors(config: BdhConfig) -> dict[str, tuple[int, ...]]:
    """Key and shape of every tensor, in the order of use; all layers have those of the first."""
    heads, hidden, neurons = config.num_heads, config.hidden_size, config.neurons
    shapes = {ENTER: (heads, hidden, neurons), GATE: (heads, hidden, neurons),
              LEAVE: (heads * neurons, hidden)}
    return {EMBEDDINGS: (config.vocab_size, hidden),
            **{layer_key(0, key): shapes[kind] for kind, key in KINDS.items()},
            HEAD: (config.vocab_size, hidden)}
