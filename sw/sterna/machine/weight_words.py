"""Weight words as the memory of a machine keeps them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sterna.machine.dense_triples import GIVEN, TAKEN, pack_dense, unpack_dense
from sterna.machine.machine import Machine
from sterna.machine.triples import pack_triples, unpack_triples
from sterna.machine.trits import pack_trits, unpack_trits


def pack_words(machine: Machine, trits: ArrayLike) -> NDArray[np.uint8]:
    """Pack weight words [words, rows, columns] into uint8 [kept, bytes], as the memory keeps them.

    These are as many words but where lanes of tables get them from outside: see
    `sterna.machine.dense_triples`.

    Raises:
        ValueError: a value is not -1, 0 or 1.
    """
    values = np.asarray(trits).reshape(-1, machine.ternary.rows, machine.ternary.columns)
    if machine.ternary.has_tables:
        dense = machine.ternary.is_dense(machine)
        return pack_dense(values) if dense else pack_triples(values)
    return pack_trits(values.reshape(-1, machine.ternary.lanes))


def unpack_words(machine: Machine, packed: ArrayLike) -> NDArray[np.int8]:
    """The reverse of `pack_words`: int8 [words, rows, columns], all that these words hold."""
    words = np.asarray(packed, np.uint8)[:, :machine.weight_bytes]
    if machine.ternary.has_tables:
        unpack = unpack_dense if machine.ternary.is_dense(machine) else unpack_triples
        return unpack(words, machine.ternary.rows, machine.ternary.columns)
    return unpack_trits(words, machine.ternary.lanes).reshape(
        -1, machine.ternary.rows, machine.ternary.columns)


def bundle(machine: Machine) -> tuple[int, int]:
    """How many weight words are kept in how many words, of which none is without the others."""
    return (GIVEN, TAKEN) if machine.ternary.is_dense(machine) else (1, 1)


def unpack_some(machine: Machine, kept: NDArray[np.uint8], first: int, count: int
                ) -> NDArray[np.int8]:
    """Some of the weight words in those that are kept: int8 [count, rows, columns]."""
    given, taken = bundle(machine)
    start, stop = first // given, -(-(first + count) // given)
    words = unpack_words(machine, kept[start * taken:stop * taken])
    return words[first - start * given:][:count]


def resident(machine: Machine, first: int, count: int) -> NDArray[np.bool_]:
    """Which of ``count`` words of weights from word ``first`` on are kept on the chip.

    Of all words ``resident_words`` are, as evenly as whole words allow.
    """
    steps = np.arange(first, first + count + 1, dtype=np.int64) * machine.memory.resident
    return np.diff(steps // machine.weight_words) > 0
