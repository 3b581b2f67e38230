"""Five ternary weights in a byte: the number `sum((code[k] + 1) * 3^k)`, 1.6 bits a weight.

This is the packing of files. A hardware image has a byte code of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TRITS_PER_BYTE = 5
BYTE_CODES = 3**TRITS_PER_BYTE
_POWERS = (3 ** np.arange(TRITS_PER_BYTE)).astype(np.uint8)
_DIGITS = (np.arange(BYTE_CODES)[:, None] // _POWERS % 3 - 1).astype(np.int8)


def packed_size(count: int) -> int:
    """Bytes that `count` ternary weights take."""
    return -(-count // TRITS_PER_BYTE)


def pack_trits(codes: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Pack codes in {-1, 0, 1} of any shape, in row-major order; the rest of the last byte is 0.

    Returns uint8 `[packed_size(codes.size)]`. Raises `ValueError` for any other code.
    """
    flat = codes.reshape(-1)
    if flat.size and (flat.min() < -1 or flat.max() > 1):
        raise ValueError("ternary codes must be -1, 0 or 1")
    digits = np.ones(packed_size(flat.size) * TRITS_PER_BYTE, np.uint8)
    digits[: flat.size] = flat + np.int8(1)
    columns = digits.reshape(-1, TRITS_PER_BYTE)
    packed = columns[:, 0].copy()
    for position in range(1, TRITS_PER_BYTE):
        packed += columns[:, position] * _POWERS[position]
    return packed


def unpack_trits(packed: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.int8]:
    """The int8 codes of `shape` behind `pack_trits`. Raises `ValueError` for damaged bytes."""
    count = int(np.prod(shape))
    if packed.shape != (packed_size(count),):
        raise ValueError(f"{packed.size} bytes cannot hold {count} ternary weights")
    if packed.size and packed.max() >= BYTE_CODES:
        raise ValueError("a byte is not five ternary weights")
    digits = _DIGITS[packed].reshape(-1)
    if digits[count:].any():
        raise ValueError("the rest of the last byte is not zero")
    return digits[:count].reshape(shape)
