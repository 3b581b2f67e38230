"""Vector arithmetic of the program definition, in exact integers on PyTorch tensors.

Vectors are int64 [streams, elements]. Source: the definitions in `sterna.law.arithmetic`.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from sterna.law.arithmetic import CODE_LIMIT, MAX_SHIFT, TABLE_INDEX_BITS, TABLE_SHIFT
from sterna.law.tables import Table


class Shift(NamedTuple):
    """A right shift: by how many bits, and the half of the last place that it rounds with.

    Both are int64 [], or [streams, 1].
    """

    bits: Tensor
    half: Tensor


def shift_by(bits: Tensor) -> Shift:
    """The shift by so many bits, 0 for none."""
    return Shift(bits, (1 << bits) >> 1)


SHIFTS = [shift_by(bits) for bits in torch.arange(MAX_SHIFT + 1)]
"""By the number of bits; PyTorch would make a number a tensor at each use."""


def word_limit(word_bits: int) -> int:
    """Largest magnitude of a word; saturation is symmetric."""
    return (1 << (word_bits - 1)) - 1


def element(
    a: Tensor, multiplier: Tensor | int, shift: Shift, addend: Tensor | None, limit: int
) -> Tensor:
    """``saturate(round_shift(a * multiplier, shift) + addend)``, at most ``limit`` in magnitude.

    `multiplier` is one number, [elements] or [streams, 1].
    """
    return unsaturated(a, multiplier, shift, addend).clamp_(-limit, limit)


def unsaturated(
    a: Tensor, multiplier: Tensor | int, shift: Shift, addend: Tensor | None
) -> Tensor:
    """The same before it is saturated."""
    if isinstance(multiplier, int):
        result = torch.add(shift.half, a, alpha=multiplier)
    else:
        result = torch.addcmul(shift.half, a, multiplier)
    result >>= shift.bits
    if addend is not None:
        result += addend
    return result


def lost(
    a: Tensor, multiplier: Tensor | int, shift: Shift, addend: Tensor | None, limit: int
) -> tuple[int, int]:
    """How many elements of an `element` are rounded, and how many saturate."""
    beyond = unsaturated(a, multiplier, shift, addend).abs_() > limit
    return rounded(a * multiplier, shift.bits), int(beyond.sum())


def rounded(values: Tensor, bits: Tensor | int) -> int:
    """How many values are not whole in units of ``2**bits``."""
    return int(_broken(values, bits).sum())


def _broken(values: Tensor, bits: Tensor | int) -> Tensor:
    return (values >> bits) << bits != values


def codes(a: Tensor, multiplier: Tensor | int, shift: Shift) -> Tensor:
    """Activation codes: ``clamp(round_shift(a * multiplier, shift), -127, 127)``."""
    return element(a, multiplier, shift, None, CODE_LIMIT)


def absmax(words: Tensor) -> list[int]:
    """The largest magnitude in every stream."""
    return words.abs().amax(1).tolist()


def squares(words: Tensor) -> list[int]:
    """The sum of squares in every stream."""
    return (words * words).sum(1).tolist()


def sums(words: Tensor) -> list[int]:
    """The sum in every stream."""
    return words.sum(1).tolist()


def lookup_values(table: Table, word_bits: int) -> Tensor:
    """The table's result for every word: int64 [2**word_bits], negative words from the end on."""
    result = element(*_segments(table, word_bits), word_limit(word_bits))
    return result.roll(1 << (word_bits - 1))


def lookup_losses(table: Table, word_bits: int) -> tuple[Tensor, Tensor]:
    """Of which words the table's result is rounded, and of which it saturates, as its values."""
    slope, fraction, shift, base = _segments(table, word_bits)
    exact, half = slope * fraction, 1 << (word_bits - 1)
    beyond = unsaturated(slope, fraction, shift, base).abs_() > word_limit(word_bits)
    return _broken(exact, shift.bits).roll(half), beyond.roll(half)


def _segments(table: Table, word_bits: int) -> tuple[Tensor, Tensor, Shift, Tensor]:
    """Operands of the `element` that interpolates, for every word from the least."""
    fraction_bits = word_bits - TABLE_INDEX_BITS
    offset = torch.arange(1 << word_bits)
    segment = offset >> fraction_bits
    fraction = offset & ((1 << fraction_bits) - 1)
    slope, base = torch.tensor(table.slope)[segment], torch.tensor(table.base)[segment]
    return slope, fraction, SHIFTS[TABLE_SHIFT], base


def lookup(values: Tensor, a: Tensor) -> Tensor:
    """Look `a` up in what `lookup_values` made."""
    return torch.take(values, a)
