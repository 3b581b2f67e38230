"""Five trits a byte for lanes that look three of them up at a time: five words in three.

Words of as many bytes as there are triples; each byte is a triple, as in `sterna.machine.triples`,
and a pair. Bits 0 to 4 are the triple's code, bits 5 to 7 a pair, not both zero. Table indices 14
and 15, which no triple has, say that the pair is zero; then the code is bits 0, 5, 6, 7 and 4.

In a pair bits 1 and 2 are the plus bits of its trits. If bit 0 is clear both are nonzero; else one
is zero: the second if the plus bits are equal, else the first.

The triples of three words are those of weight words 0, 1 and 2 of five. Their pairs are those of
words 3 and 4: the first pair and the first trit of the third pair; the second pair and the second
trit of the third. So nothing is ever shifted, and as many triples as beats have bytes, times a
whole number, leave nothing to rotate either.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sterna.machine.triples import TRIPLE_BITS, decoded, triple_codes

GIVEN, TAKEN = 5, 3
"""Weight words, and the words that hold them."""
MIDDLE = 0b01110
"""The bits of a triple's code that say that the pair is zero."""


def _pair(field: int) -> tuple[int, int]:
    first, second = (1 if field & 2 else -1), (1 if field & 4 else -1)
    if not field & 1:
        return first, second
    return (first, 0) if first == second else (0, second)


_PAIRS = np.array([_pair(field) for field in range(8)], np.int8)
_FIELDS = np.zeros((3, 3), np.uint8)
_FIELDS[_PAIRS[:, 0] + 1, _PAIRS[:, 1] + 1] = np.arange(8)


def dense_words(words: int) -> int:
    """Words that hold so many weight words."""
    return -(-words // GIVEN) * TAKEN


def pack_dense(trits: ArrayLike) -> NDArray[np.uint8]:
    """Pack weight words: [words, rows, columns] becomes [`dense_words`, rows * columns / 3].

    Missing words of the last five are zero.

    Raises:
        ValueError: a value is not -1, 0 or 1, or the columns are not a multiple of three.
    """
    codes = triple_codes(trits)
    count, triples = codes.shape
    whole = np.zeros((-(-count // GIVEN), GIVEN, triples), np.uint8)
    whole.reshape(-1, triples)[:count] = codes
    direct, others = whole[:, :TAKEN], decoded(whole[:, TAKEN:])
    pairs = np.concatenate([others[..., :2], others[:, None, :, :, 2].swapaxes(2, 3).reshape(
        len(others), 1, triples, 2)], axis=1) + 1
    fields = _FIELDS[pairs[..., 0], pairs[..., 1]]
    usual = direct | fields << TRIPLE_BITS
    escaped = direct & ~np.uint8(MIDDLE) | MIDDLE | (direct & MIDDLE) >> 1 << TRIPLE_BITS
    zero = (pairs == 1).all(axis=-1)
    return np.where(zero, escaped, usual).astype(np.uint8).reshape(-1, triples)


def unpack_dense(packed: ArrayLike, rows: int, columns: int) -> NDArray[np.int8]:
    """The reverse of `pack_dense`: uint8 [kept, bytes] becomes int8 [kept * 5 / 3, rows, columns].

    Raises:
        ValueError: the bytes are not as many as rows and columns take, or the words not whole
            threes.
    """
    values = np.asarray(packed, np.uint8)
    count, triples = values.shape
    if 3 * triples != rows * columns or count % TAKEN:
        raise ValueError(f"{count} words of {triples} bytes do not hold {rows} x {columns} trits")
    groups = values.reshape(-1, TAKEN, triples)
    zero = groups & MIDDLE == MIDDLE
    code, upper = groups & (1 << TRIPLE_BITS) - 1, groups >> TRIPLE_BITS
    direct = decoded(np.where(zero, code & ~np.uint8(MIDDLE) | upper << 1, code))
    pairs = np.where(zero[..., None], np.int8(0), _PAIRS[upper])
    last = pairs[:, 2].swapaxes(1, 2)[..., None]
    others = np.concatenate([pairs[:, :2], last], axis=-1)
    trits = np.concatenate([direct, others], axis=1).reshape(-1, rows, columns // 3, 3)
    return np.swapaxes(trits, -1, -2).reshape(-1, rows, columns)
