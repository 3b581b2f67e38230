"""Products of two populations against matrix products written out."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.golden.products import ProductSums
from sterna.law.product import Product, masked, pooled, readings, scores, states, whole

TOKENS, HEADS, ROWS, COLUMNS = 5, 3, 4, 2


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).integers(-4, 5, (2, *shape))


CODES, VALUES = drawn(TOKENS, HEADS, ROWS), drawn(TOKENS, HEADS, COLUMNS)
MEMORY, MASK = drawn(HEADS, ROWS, COLUMNS), drawn(TOKENS, HEADS)
KEYS = drawn(HEADS, ROWS, TOKENS)
CASES = {
    "states": (states(TOKENS, HEADS, ROWS, COLUMNS), CODES, VALUES,
               np.einsum("bthr,bthc->bhrc", CODES, VALUES), TOKENS),
    "readings": (readings(TOKENS, HEADS, ROWS, COLUMNS), CODES, MEMORY,
                 np.einsum("bthr,bhrc->bthc", CODES, MEMORY), ROWS),
    "scores": (scores(TOKENS, HEADS, ROWS), CODES, KEYS,
               np.einsum("bthr,bhrs->bths", CODES, KEYS), ROWS),
    "masked": (masked(TOKENS, HEADS, COLUMNS), MASK, VALUES, MASK[..., None] * VALUES, 1),
    "whole": (whole(TOKENS, HEADS * COLUMNS), MASK[..., 0], VALUES,
              MASK[:, :, :1, None] * VALUES, 1),
    "pooled": (pooled(TOKENS, HEADS * COLUMNS), MASK[..., 0], VALUES,
               (MASK[:, :, :1, None] * VALUES).sum(1), TOKENS),
}


@pytest.mark.parametrize("name", CASES)
def test_against_matrix_products(name: str) -> None:
    """Sums, how many there are of everything, and how many codes a target adds up."""
    product, codes, weights, wanted, most = CASES[name]
    codes, weights, wanted = (values.reshape(2, -1) for values in (codes, weights, wanted))
    assert (product.sources, product.weights, product.targets, product.most) == (
        codes.shape[1], weights.shape[1], wanted.shape[1], most)
    assert (ProductSums(product).sums(codes, weights) == wanted).all()


def test_both_orders_of_attention_are_the_same_integers() -> None:
    """(Q Kᵀ) V and Q (Kᵀ V)."""
    size = HEADS * ROWS
    q, k = CODES.reshape(2, -1), drawn(TOKENS, HEADS, ROWS)
    v = VALUES.reshape(2, -1)
    memory = ProductSums(states(TOKENS, HEADS, ROWS, COLUMNS)).sums(k.reshape(2, -1), v)
    late = ProductSums(readings(TOKENS, HEADS, ROWS, COLUMNS)).sums(q, memory)
    keys = k.reshape(2, TOKENS, size).transpose(0, 2, 1).reshape(2, -1)
    found = ProductSums(scores(TOKENS, HEADS, ROWS)).sums(q, keys)
    tokens_first = VALUES.reshape(2, TOKENS, HEADS, COLUMNS).transpose(0, 2, 1, 3).reshape(2, -1)
    early = ProductSums(readings(TOKENS, HEADS, TOKENS, COLUMNS)).sums(found, tokens_first)
    assert (late == early).all()


def test_sizes_that_cannot_be() -> None:
    with pytest.raises(InputError, match=r"product: sizes \[0, 1, 1\] must be 1 or more"):
        Product(sizes=(0, 1, 1), weight_steps=(0, 0, 0), target_steps=(0, 0, 0), columns=1)
    with pytest.raises(InputError, match=r"product: weight_steps \[-1, 0, 0\] must be 0 or more"):
        Product(sizes=(2, 1, 1), weight_steps=(-1, 0, 0), target_steps=(0, 0, 0), columns=1)


def test_how_it_is_told() -> None:
    assert str(masked(2, 3, 4)) == "2 x 3 x 1 codes, each times 4"
