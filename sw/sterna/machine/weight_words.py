"""Weight words as the lanes of a machine take them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sterna.machine.machine import Machine
from sterna.machine.triples import pack_triples, unpack_triples
from sterna.machine.trits import pack_trits, unpack_trits


def pack_words(machine: Machine, trits: ArrayLike) -> NDArray[np.uint8]:
    """Pack trits [words, rows, columns] into uint8 [words, weight_bytes].

    Raises:
        ValueError: a value is not -1, 0 or 1.
    """
    values = np.asarray(trits).reshape(-1, machine.ternary.rows, machine.ternary.columns)
    if machine.ternary.has_tables:
        return pack_triples(values)
    return pack_trits(values.reshape(-1, machine.ternary.lanes))


def unpack_words(machine: Machine, packed: ArrayLike) -> NDArray[np.int8]:
    """The reverse of `pack_words`: int8 [words, rows, columns]."""
    words = np.asarray(packed, np.uint8)[:, :machine.ternary.weight_bytes]
    if machine.ternary.has_tables:
        return unpack_triples(words, machine.ternary.rows, machine.ternary.columns)
    return unpack_trits(words, machine.ternary.lanes).reshape(
        -1, machine.ternary.rows, machine.ternary.columns)


def resident(machine: Machine, first: int, count: int) -> NDArray[np.bool_]:
    """Which of ``count`` weight words from word ``first`` on are kept on the chip.

    Of ``weight_depth`` words ``resident_words`` are, as evenly as whole words allow.
    """
    steps = np.arange(first, first + count + 1, dtype=np.int64) * machine.memory.resident
    return np.diff(steps // machine.ternary.weight_depth) > 0
