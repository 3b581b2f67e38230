"""Three trits in five bits: the index of a table entry and a sign.

For three codes x, y, z there are 13 sums of the kind ``x``, ``x - y``, ``x + y + z``, … that are
not opposites of each other. The hardware writes them to a table in an order in which each entry is
the one before plus or minus one code, so one adder makes them all; entry 0 is zero.

A triple of trits is the index of its sum (bits 0 to 3) and whether that is to be negated (bit 4).
Trit j of triple t of a row belongs to column ``t + j * columns / 3``, so that codes that follow
each other are wanted by different tables.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

TRIPLE = 3
"""Trits in a triple."""
TRIPLE_BITS = 5
INDEX_BITS = 4

STEPS = ((0, 1), (1, 1), (0, -1), (0, -1), (2, 1), (0, 1), (0, 1), (1, -1), (0, -1), (0, -1),
         (1, -1), (0, 1), (0, 1))
"""Which code (0 to 2) is added or subtracted to make entries 1, 2, … from the one before."""

_PLACES = np.array([1, 3, 9], np.uint8)
_NEGATE = 1 << INDEX_BITS
_PADDING = 8
"""Triples that fill whole bytes."""


def entries() -> NDArray[np.int8]:
    """The trits of every table entry, [1 + len(STEPS), 3]."""
    table = np.zeros((1 + len(STEPS), TRIPLE), np.int8)
    for index, (code, sign) in enumerate(STEPS):
        table[index + 1] = table[index]
        table[index + 1, code] += sign
    return table


def _tables() -> tuple[NDArray[np.int8], NDArray[np.uint8]]:
    decoded = np.zeros((1 << TRIPLE_BITS, TRIPLE), np.int8)
    encoded = np.zeros(3**TRIPLE, np.uint8)
    for index, trits in enumerate(entries()):
        for code, values in ((index, trits), (index + _NEGATE, -trits)):
            decoded[code] = values
            if index or code == 0:
                encoded[(values + 1) @ _PLACES] = code
    return decoded, encoded


_DECODED, _ENCODED = _tables()


def decoded(codes: NDArray[np.uint8]) -> NDArray[np.int8]:
    """The trits of triples: [...] becomes [..., 3]."""
    return _DECODED[codes]


def triple_codes(trits: ArrayLike) -> NDArray[np.uint8]:
    """The triples of rows of trits: [..., rows, columns] becomes [..., rows * columns / 3].

    Raises:
        ValueError: a value is not -1, 0 or 1, or the columns are not a multiple of three.
    """
    values = np.asarray(trits)
    *outer, rows, columns = values.shape
    if columns % TRIPLE:
        raise ValueError(f"{columns} columns are not a multiple of {TRIPLE}")
    whole = values.dtype.kind in "biu" or (values == np.trunc(values)).all()
    if values.size and (not whole or values.min() < -1 or values.max() > 1):
        raise ValueError("trits must be -1, 0 or 1")
    digits = values.astype(np.int8, copy=False).reshape(-1, rows, TRIPLE, columns // TRIPLE)
    # In bytes modulo 256, where a digit of -1 is 255.
    digits = digits.view(np.uint8)
    index = digits[:, :, 0] + 3 * digits[:, :, 1] + 9 * digits[:, :, 2] + np.uint8(_PLACES.sum())
    return _ENCODED[index].reshape(*outer, -1)


def pack_triples(trits: ArrayLike) -> NDArray[np.uint8]:
    """Pack rows of trits: [..., rows, columns] becomes [..., ceil(5 * rows * columns / 24)] bytes.

    Triple ``t`` of row ``r`` takes five bits from bit ``5 * (r * columns / 3 + t)``. Raises
    `ValueError` as `triple_codes` does.
    """
    given = triple_codes(trits)
    *outer, count = given.shape
    digits = given.reshape(-1, count)
    codes = np.zeros((len(digits), -(-count // _PADDING) * _PADDING), np.uint8)
    codes[:, :count] = digits
    c = codes.reshape(len(digits), -1, _PADDING).transpose(2, 0, 1)
    packed = np.empty((*c.shape[1:], TRIPLE_BITS), np.uint8)
    packed[..., 0] = c[0] | c[1] << 5
    packed[..., 1] = c[1] >> 3 | c[2] << 2 | c[3] << 7
    packed[..., 2] = c[3] >> 1 | c[4] << 4
    packed[..., 3] = c[4] >> 4 | c[5] << 1 | c[6] << 6
    packed[..., 4] = c[6] >> 2 | c[7] << 3
    return packed.reshape(*outer, packed[0].size)[..., :-(-TRIPLE_BITS * count // 8)]


def unpack_triples(packed: ArrayLike, rows: int, columns: int) -> NDArray[np.int8]:
    """The reverse of `pack_triples`: uint8 [..., bytes] becomes int8 [..., rows, columns].

    Raises:
        ValueError: the bytes are not as many as rows and columns take.
    """
    values = np.asarray(packed, np.uint8)
    count = rows * columns // TRIPLE
    if values.shape[-1] != -(-TRIPLE_BITS * count // 8):
        raise ValueError(f"{values.shape[-1]} bytes do not hold {rows} x {columns} trits")
    bits = np.unpackbits(values, axis=-1, count=TRIPLE_BITS * count, bitorder="little")
    codes = bits.reshape(*values.shape[:-1], count, TRIPLE_BITS) @ (
        1 << np.arange(TRIPLE_BITS, dtype=np.uint8))
    trits = _DECODED[codes].reshape(*values.shape[:-1], rows, columns // TRIPLE, TRIPLE)
    return np.swapaxes(trits, -1, -2).reshape(*values.shape[:-1], rows, columns)
