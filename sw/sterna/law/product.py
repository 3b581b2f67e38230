"""Products of two populations: the outputs of one are the weights of the codes of another.

A product has **codes** ``c`` in three axes [A, B, C], the last within the next to last within the
first, and **weights** ``w``, outputs of a population as they are, before they become codes. Element
(a, b, c) meets a row of ``columns`` weights, and adds to as many targets, for j below columns::

    x[target + j] += c[a, b, c] * w[weight + j]

where ``weight`` is a, b and c times ``weight_steps``, added up, and ``target`` likewise of
``target_steps``. All exact, so that the order does not matter: spiking attention without softmax is
two of them, and ``(Q Kᵀ) V`` and ``Q (Kᵀ V)`` are the same integers. Tokens stand one behind the
other, in a token its heads, in a head its channels:

- `states`: ``S = Kᵀ V``, a matrix [rows, columns] a head, of codes K and weights V;
- `readings`: ``Q S``, of codes Q and weights S;
- `scores`: ``Q Kᵀ``, [tokens, tokens] a head, where K stands channel by channel;
- `masked`: what a code a token and head lets through of its channels (token-QK attention);
- `whole`: everything as it is, of codes that are 1: a residual that is added up;
- `pooled`: the sum of all tokens, of codes that are 1.

A scale is no multiplication of its own: it goes into gains or thresholds of the neurons behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError

Triple = tuple[int, int, int]
Integers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Product:
    """Which weights a code meets and where to, see the module. Raises `InputError` for sizes that
    cannot be."""

    sizes: Triple
    weight_steps: Triple
    target_steps: Triple
    columns: int

    def __post_init__(self) -> None:
        for name, values, least in (("sizes", self.sizes, 1), ("columns", (self.columns,), 1),
                                    ("weight_steps", self.weight_steps, 0),
                                    ("target_steps", self.target_steps, 0)):
            if any(type(value) is not int or value < least for value in values):
                raise InputError(f"product: {name} {list(values)} must be {least} or more")

    @property
    def sources(self) -> int:
        """Codes."""
        return prod(self.sizes)

    @property
    def weights(self) -> int:
        """Outputs that are its weights, or as many as it reaches of them."""
        return self._reached(self.weight_steps)

    @property
    def targets(self) -> int:
        """Sums that it adds to."""
        return self._reached(self.target_steps)

    def _reached(self, steps: Triple) -> int:
        return sum((size - 1) * step for size, step in zip(self.sizes, steps, strict=True)
                   ) + self.columns

    def rows(self, steps: Triple) -> Integers:
        """Of each code where its row begins, with such steps: [sources]."""
        return np.tensordot(np.array(steps), np.indices(self.sizes), 1).reshape(-1)

    @property
    def most(self) -> int:
        """Codes that one target adds up, at most: tokens, or channels of a head."""
        found = np.bincount((self.rows(self.target_steps)[:, None] + np.arange(self.columns)
                             ).reshape(-1))
        return int(found.max())

    def __str__(self) -> str:
        a, b, c = self.sizes
        return f"{a} x {b} x {c} codes, each times {self.columns}"


def states(tokens: int, heads: int, rows: int, columns: int) -> Product:
    """Kᵀ V of codes [tokens, heads, rows] and weights [tokens, heads, columns]."""
    return Product(sizes=(tokens, heads, rows), weight_steps=(heads * columns, columns, 0),
                   target_steps=(0, rows * columns, columns), columns=columns)


def readings(tokens: int, heads: int, rows: int, columns: int) -> Product:
    """Q S of codes [tokens, heads, rows] and weights [heads, rows, columns]."""
    return Product(sizes=(tokens, heads, rows), weight_steps=(0, rows * columns, columns),
                   target_steps=(heads * columns, columns, 0), columns=columns)


def scores(tokens: int, heads: int, rows: int) -> Product:
    """Q Kᵀ of codes [tokens, heads, rows] and weights [heads, rows, tokens]."""
    return readings(tokens, heads, rows, tokens)


def masked(tokens: int, heads: int, columns: int) -> Product:
    """Codes [tokens, heads] times weights [tokens, heads, columns], each head by its own."""
    return Product(sizes=(tokens, heads, 1), weight_steps=(heads * columns, columns, 0),
                   target_steps=(heads * columns, columns, 0), columns=columns)


def whole(tokens: int, columns: int) -> Product:
    """Weights [tokens, columns] as they are, of as many codes as there are tokens."""
    return masked(tokens, 1, columns)


def pooled(tokens: int, columns: int) -> Product:
    """The sum of weights [tokens, columns] over the tokens, of as many codes."""
    return Product(sizes=(tokens, 1, 1), weight_steps=(columns, 0, 0), target_steps=(0, 0, 0),
                   columns=columns)
