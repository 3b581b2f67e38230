"""Five trits in a byte, in a code that is cheap to decode.

Any 243 of the 256 bytes could stand for five trits. Base 3 needs a chain of dividers in hardware;
this code needs one level of selection. The fields of a byte are ``a`` (bits 0 and 1), ``b`` (bits 2
to 4) and ``c`` (bits 5 to 7).

- A **single** trit takes two bits: bit 0 says nonzero, bit 1 says plus.
- A **pair**, not both zero, takes three: bits 1 and 2 are the plus bits of its two trits. If bit 0
  is clear both are nonzero; else one is zero: the second if the plus bits are equal, else the
  first.
- ``a != 0``: ``a`` is trit 0 (2 stands for zero), ``b`` the pair of trits 1 and 2, ``c`` the pair
  of trits 3 and 4.
- ``a == 0`` is the escape, for pairs of zeros. The low bits of ``b`` are trit 0 if they are not 0,
  and ``c`` is a pair: that of trits 3 and 4 if bit 2 of ``b`` is clear, else that of trits 1 and 2;
  the other pair is zero. If they are 0, the low bits of ``c`` are trit 0 and both pairs are zero.

Byte 0 means five zeros. Every byte decodes to something; `pack_trits` uses 243 of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sterna.machine.units.ternary import TRITS_PER_BYTE

_PLACES = 3 ** np.arange(TRITS_PER_BYTE)


def _single(field: int) -> int:
    return (1 if field & 2 else -1) if field & 1 else 0


def _pair(field: int) -> tuple[int, int]:
    first, second = (1 if field & 2 else -1), (1 if field & 4 else -1)
    if not field & 1:
        return first, second
    return (first, 0) if first == second else (0, second)


def _decode(byte: int) -> tuple[int, ...]:
    a, b, c = byte & 3, byte >> 2 & 7, byte >> 5
    if a:
        return (_single(a), *_pair(b), *_pair(c))
    if not b & 3:
        return (_single(c), 0, 0, 0, 0)
    if not b & 4:
        return (_single(b), 0, 0, *_pair(c))
    return (_single(b), *_pair(c), 0, 0)


def _tables() -> tuple[NDArray[np.int8], NDArray[np.uint8]]:
    decoded = np.array([_decode(byte) for byte in range(256)], dtype=np.int8)
    encoded = np.zeros(3**TRITS_PER_BYTE, dtype=np.uint8)
    for byte in reversed(range(256)):
        encoded[(decoded[byte] + 1) @ _PLACES] = byte
    return decoded, encoded


_DECODED, _ENCODED = _tables()


def pack_trits(trits: ArrayLike) -> NDArray[np.uint8]:
    """Pack along the last axis: shape [..., n] becomes [..., ceil(n / 5)], padded with zeros.

    Raises:
        ValueError: a value is not -1, 0 or 1.
    """
    values = np.asarray(trits)
    whole = values.dtype.kind in "biu" or (values == np.trunc(values)).all()
    if values.size and (not whole or values.min() < -1 or values.max() > 1):
        raise ValueError("trits must be -1, 0 or 1")
    count = values.shape[-1]
    padded = np.zeros((*values.shape[:-1], -(-count // TRITS_PER_BYTE) * TRITS_PER_BYTE), np.int8)
    padded[..., :count] = values
    digits = padded.reshape(*values.shape[:-1], -1, TRITS_PER_BYTE).view(np.uint8)
    # In bytes modulo 256, where a digit of -1 is 255: ten times as fast as wide integers.
    index = np.full(digits.shape[:-1], _PLACES.sum(), np.uint8)
    for place in range(TRITS_PER_BYTE):
        index += digits[..., place] * np.uint8(_PLACES[place])
    return _ENCODED[index]


def unpack_trits(packed: ArrayLike, count: int) -> NDArray[np.int8]:
    """The reverse of `pack_trits`: uint8 [..., m] becomes int8 [..., count], count at most 5 * m.

    Raises:
        ValueError: the bytes hold fewer than ``count`` trits.
    """
    values = np.asarray(packed, dtype=np.uint8)
    if not 0 <= count <= TRITS_PER_BYTE * values.shape[-1]:
        raise ValueError(f"{values.shape[-1]} bytes do not hold {count} trits")
    return _DECODED[values].reshape(*values.shape[:-1], -1)[..., :count]
