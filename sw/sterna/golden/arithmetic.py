"""Vector arithmetic of the program definition, in exact integers on PyTorch tensors.

Vectors are int64 [streams, elements]. Source: the definitions in `sterna.law.arithmetic`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sterna.law.arithmetic import CODE_LIMIT, TABLE_INDEX_BITS, TABLE_SHIFT
from sterna.law.tables import Table


def word_limit(word_bits: int) -> int:
    """Largest magnitude of a word; saturation is symmetric."""
    return (1 << (word_bits - 1)) - 1


def round_shift(product: Tensor, shift: int | Tensor) -> Tensor:
    """Right shift with rounding half up; `shift` is one number or int64 [streams, 1]."""
    if isinstance(shift, int):
        if shift == 0:
            return product
        return (product + (1 << (shift - 1))) >> shift
    half = (torch.ones_like(shift) << shift) >> 1
    return (product + half) >> shift


def saturate(values: Tensor, word_bits: int) -> Tensor:
    """Clamp to words."""
    limit = word_limit(word_bits)
    return values.clamp(-limit, limit)


def element(
    a: Tensor,
    multiplier: Tensor | int,
    shift: int | Tensor,
    addend: Tensor | None,
    word_bits: int,
) -> Tensor:
    """``saturate(round_shift(a * multiplier, shift) + addend)``."""
    product = a if isinstance(multiplier, int) and multiplier == 1 else a * multiplier
    result = round_shift(product, shift)
    if addend is not None:
        result = result + addend
    return saturate(result, word_bits)


def codes(a: Tensor, multiplier: Tensor | int, shift: int | Tensor) -> Tensor:
    """Activation codes: ``clamp(round_shift(a * multiplier, shift), -127, 127)``."""
    return round_shift(a * multiplier, shift).clamp(-CODE_LIMIT, CODE_LIMIT)


def lookup_values(table: Table, word_bits: int) -> Tensor:
    """The table's result for every word: int64 [2**word_bits], index ``word + 2**(W-1)``."""
    fraction_bits = word_bits - TABLE_INDEX_BITS
    offset = torch.arange(1 << word_bits)
    segment = offset >> fraction_bits
    fraction = offset & ((1 << fraction_bits) - 1)
    product = torch.tensor(table.slope)[segment] * fraction
    base = torch.tensor(table.base)[segment]
    return saturate(round_shift(product, TABLE_SHIFT) + base, word_bits)


def lookup(values: Tensor, a: Tensor, word_bits: int) -> Tensor:
    """Look `a` up in what `lookup_values` made."""
    return torch.take(values, a + (1 << (word_bits - 1)))
