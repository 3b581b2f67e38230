"""The law of matrix states: matrices that a RUN decays, adds outer products to, and reads.

A state has ``heads`` matrices S [rows, columns] of words, 0 at first. A **pass** over it does, for
every cell of every head, in exact integers and with one rounding::

    S'[i, j] = saturate(round(S[i, j] - S[i, j] * d[i] / 2**D + sum_r a_r[i] * b_r[j] / 2**P))

and then may read the new cells, by rows or by columns, with one rounding a result::

    y[j] = saturate(round(sum_i q[i] * S'[i, j] / 2**R))
    y[i] = saturate(round(sum_j S'[i, j] * q[j] / 2**R))

- Words, of the state too, have ``W`` bits; saturation is symmetric, rounding half up, both as in
  `sterna.law.arithmetic`. Sums are exact in between. What is clipped is counted: cells that become
  another number, and results.
- The **decay** ``d`` is what a cell loses, 1 - w for a factor w, with ``D`` fraction bits: none,
  one a head, or one a row. So small losses keep their precision: of w = 0.9999 a factor of 17
  fraction bits has the loss to within 4 % only, a loss of ``D`` = 24 to within 0.03 %. A loss above
  1 turns the sign, a negative one lets cells grow.
- A cell that loses less than half of its last bit stays as it is: with a loss d a RUN, values below
  ``1 / (2 * d)`` units do not decay. Where losses are small the state needs 10 fraction bits or
  more (spec/families.md 7).
- There are up to `MOST_PRODUCTS` **products**, of elements of each row and each column. Two, so
  that a correction and what is new are one rounding.
- A pass may leave the state as it was (it is not stored), and only give what would be read: a bonus
  of the present RUN is a product that is read and not stored.

Delta rules are two passes for each sub-step: one reads ``p = k S`` (the first decays, and is
stored), the vectors ``e = beta * (v - p)`` follow, and one adds ``k e`` and reads.
"""

from __future__ import annotations

from collections.abc import Sequence

MOST_PRODUCTS = 2
LEAST_DECAY_FRACTION, MOST_DECAY_FRACTION = 12, 24
MOST_PRODUCT_SHIFT = 24
MOST_READ_SHIFT = 32


def round_shift(value: int, shift: int) -> int:
    """``value / 2**shift``, rounded half up."""
    return (value + (1 << shift >> 1)) >> shift


def saturate(value: int, limit: int) -> int:
    """The nearest of ``-limit .. limit``."""
    return max(-limit, min(limit, value))


def new_cell(cell: int, loss: int, products: Sequence[tuple[int, int]], *, decay_fraction: int,
             product_shift: int, limit: int) -> int:
    """A cell after a pass; ``loss`` is 0 without a decay."""
    most = max(decay_fraction, product_shift)
    total = cell << most
    total -= cell * loss << most - decay_fraction
    total += sum(a * b for a, b in products) << most - product_shift
    return saturate(round_shift(total, most), limit)


def read_out(factors: Sequence[int], cells: Sequence[int], *, read_shift: int, limit: int) -> int:
    """A result: factors times the cells of a column, or of a row."""
    total = sum(factor * cell for factor, cell in zip(factors, cells, strict=True))
    return saturate(round_shift(total, read_shift), limit)
