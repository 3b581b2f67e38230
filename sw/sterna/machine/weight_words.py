"""Weight words as the lanes of a configuration take them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sterna.machine.configuration import HardwareConfiguration
from sterna.machine.triples import pack_triples, unpack_triples
from sterna.machine.trits import pack_trits, unpack_trits


def pack_words(configuration: HardwareConfiguration, trits: ArrayLike) -> NDArray[np.uint8]:
    """Pack trits [words, rows, columns] into uint8 [words, weight_bytes].

    Raises:
        ValueError: a value is not -1, 0 or 1.
    """
    values = np.asarray(trits).reshape(-1, configuration.rows, configuration.columns)
    if configuration.lane == "tables":
        return pack_triples(values)
    return pack_trits(values.reshape(-1, configuration.lanes))


def unpack_words(configuration: HardwareConfiguration, packed: ArrayLike) -> NDArray[np.int8]:
    """The reverse of `pack_words`: int8 [words, rows, columns]."""
    words = np.asarray(packed, np.uint8)[:, :configuration.weight_bytes]
    if configuration.lane == "tables":
        return unpack_triples(words, configuration.rows, configuration.columns)
    return unpack_trits(words, configuration.lanes).reshape(
        -1, configuration.rows, configuration.columns)


def resident(configuration: HardwareConfiguration, first: int, count: int) -> NDArray[np.bool_]:
    """Which of ``count`` weight words from word ``first`` on are kept on the chip.

    Of ``weight_depth`` words ``resident_words`` are, as evenly as whole words allow.
    """
    steps = np.arange(first, first + count + 1, dtype=np.int64) * configuration.resident_words
    return np.diff(steps // configuration.weight_depth) > 0
