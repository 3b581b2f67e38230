"""Memory words from integers and back: fields of equal or mixed widths, as LOAD takes them.

Every function gives or takes words as uint8 [words, bytes], little endian, the first field lowest,
each word padded to a multiple of four bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space, memory_spec, word_chunks

Words = NDArray[np.uint8]


def word_bytes(machine: Machine, space: str) -> int:
    """Bytes of a word in LOAD data."""
    return 4 * word_chunks(machine, space)


def pack_mixed(fields: Sequence[tuple[NDArray[np.integer], int]], size: int) -> Words:
    """Words of ``size`` bytes of arrays [words, items] and the widths of their items, in bits.

    The first item of the first array is lowest.
    """
    bits = [
        (values[:, :, None] >> np.arange(width) & 1).astype(np.uint8)
        .reshape(len(values), values.shape[1] * width)
        for values, width in fields
    ]
    joined = np.concatenate(bits, axis=1)
    padded = np.pad(joined, ((0, 0), (0, 8 * size - joined.shape[1])))
    return np.packbits(padded, axis=1, bitorder="little")


def pack_fields(values: NDArray[np.integer], bits: int, size: int) -> Words:
    """Pack [words, fields] integers, ``bits`` bits each, first lowest, into ``size`` bytes."""
    return pack_mixed([(values, bits)], size)


def unpack_fields(words: Words, fields: int, bits: int, first: int = 0) -> NDArray[np.int64]:
    """So many signed fields of ``bits`` bits, from bit ``first`` on: [words, fields]."""
    spread = np.unpackbits(words, axis=1, bitorder="little")[:, first:first + fields * bits]
    places = spread.reshape(len(words), fields, bits).astype(np.int64)
    values = (places << np.arange(bits)).sum(-1)
    return values - (values >> (bits - 1) << bits)


def pack_groups(machine: Machine, groups: NDArray[np.integer],
                space: str = Space.CONSTANTS) -> Words:
    """Vector groups [n, vector_lanes] as words of CONSTANTS or INPUT memory."""
    return pack_fields(groups, machine.vector.word_bits, word_bytes(machine, space))


def as_groups(machine: Machine, values: ArrayLike, groups: int) -> NDArray:
    """A vector as [groups, vector_lanes] with zero padding; raises `InputError` beyond a word."""
    vector = np.asarray(values, np.int64)
    if vector.size and int(np.abs(vector).max()) > machine.vector.word_limit:
        raise InputError(
            f"a parameter of {int(np.abs(vector).max())} exceeds words of "
            f"{machine.vector.word_bits} bits; lower the model again"
        )
    padded = np.zeros(groups * machine.vector.lanes, np.int64)
    padded[:len(vector)] = vector
    return padded.reshape(groups, machine.vector.lanes)


def pack_row(machine: Machine, values: ArrayLike) -> Words:
    """An embedding row as words of INPUT memory; raises `InputError` beyond a word."""
    groups = -(-np.size(values) // machine.vector.lanes)
    return pack_groups(machine, as_groups(machine, values, groups), Space.INPUT)


def pack_input(machine: Machine, values: NDArray[np.integer],
               space: str = Space.INPUT) -> Words:
    """Integers as words of a memory of the input, as many in each as it takes, then zeros."""
    spec = memory_spec(machine, space)
    lanes = spec.lanes
    rows = np.pad(values, (0, -len(values) % lanes)).reshape(-1, lanes)
    return pack_fields(rows, spec.bits // lanes, word_bytes(machine, space))
