"""Integer matrices as ternary planes, and how far sums of codes with them reach.

Balanced ternary planes, the most significant first, stand for ``W = 3 * W + plane`` from plane to
plane (Horner): one holds -1, 0 and 1, two 4, three 13, four 40, five 121 in either direction.
"""

from __future__ import annotations

from itertools import count

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.law.arithmetic import CODE_LIMIT

MAX_PLANES = 24

Integers = NDArray[np.int64]


def plane_limit(planes: int) -> int:
    """Largest weight of so many planes."""
    return (3**planes - 1) // 2


def ternary_planes(weights: Integers, planes: int) -> NDArray[np.int8]:
    """Balanced ternary digits, most significant first: [planes, ...].

    Raises `InputError` when a weight needs more planes.
    """
    limit = plane_limit(planes)
    if weights.size and int(np.abs(weights).max()) > limit:
        raise InputError(f"weights exceed {limit}, the limit of {planes} ternary planes")
    rest, digits = weights.astype(np.int64), []
    for _ in range(planes):
        digit = (rest + 1) % 3 - 1
        digits.append(digit.astype(np.int8))
        rest = (rest - digit) // 3
    return np.stack(digits[::-1])


def planes_needed(weights: Integers) -> int:
    """The least number of planes that hold the weights."""
    largest = int(np.abs(weights).max(initial=0))
    return next(planes for planes in count(1) if plane_limit(planes) >= largest)


def whole_weights(planes: NDArray[np.int8]) -> Integers:
    """The integers [...] that planes [planes, ...] stand for."""
    result = np.zeros(planes.shape[1:], np.int64)
    for plane in planes:
        result = 3 * result + plane
    return result


def full(columns: int, planes: int = 1) -> Integers:
    """Stands, in `reach`, for a matrix of which only the size is known."""
    return np.array([[columns * plane_limit(planes)]], np.int64)


def reach(*matrices: Integers, limit: int = CODE_LIMIT) -> int:
    """Largest magnitude of a sum of codes of at most ``limit`` that any row can have.

    Each of the matrices, integers [rows, columns] or `full`, adds to the same rows.
    """
    sums = sum(np.abs(matrix).sum(1, keepdims=True) for matrix in matrices)
    return limit * int(np.max(sums, initial=0))


def signed_bits(largest: int) -> int:
    """Bits of a signed integer that holds ``-largest .. largest``."""
    return largest.bit_length() + 1
