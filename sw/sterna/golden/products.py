"""Sums of a product of two populations (`sterna.law.product`), exact."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sterna.law.product import Product

Integers = NDArray[np.int64]


class ProductSums:
    """Where the codes of a product find their weights and targets, worked out once."""

    def __init__(self, product: Product) -> None:
        column = np.arange(product.columns)
        self._weights = product.rows(product.weight_steps)[:, None] + column
        self._targets = product.rows(product.target_steps)[:, None] + column
        self._made = product.targets

    def sums(self, codes: Integers, weights: Integers) -> Integers:
        """Of codes [batch, sources] and weights [batch, weights]: [batch, targets]."""
        found = np.zeros((len(codes), self._made), np.int64)
        for row, mine, given in zip(found, codes, weights, strict=True):
            loud = np.flatnonzero(mine)
            np.add.at(row, self._targets[loud], mine[loud, None] * given[self._weights[loud]])
        return found
