"""Five trits a byte for lanes of tables: every byte, every shape, and what is no trit."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sterna.machine.dense_triples import dense_words, pack_dense, unpack_dense
from sterna.machine.memory import Axi, memory_bytes
from sterna.machine.presets import token_machine
from sterna.machine.units.ternary import Lane
from sterna.machine.weight_words import pack_words, unpack_some, unpack_words


@pytest.mark.parametrize("rows, columns", [(1, 3), (2, 6), (7, 3), (4, 24), (5, 15)], ids=str)
@pytest.mark.parametrize("words", [1, 4, 5, 303])
def test_words_come_back(rows: int, columns: int, words: int) -> None:
    trits = np.random.default_rng(rows).integers(-1, 2, (words, rows, columns))
    packed = pack_dense(trits)
    assert packed.shape == (dense_words(words), rows * columns // 3)
    found = unpack_dense(packed, rows, columns)
    assert np.array_equal(found[:words], trits) and not found[words:].any()


def test_every_five_trits_have_a_byte_of_their_own() -> None:
    every = np.array(list(product((-1, 0, 1), repeat=5)))
    trits = np.zeros((len(every), 5, 1, 3), int)
    trits[:, 0, 0], trits[:, 3, 0, :2] = every[:, :3], every[:, 3:]
    packed = pack_dense(trits.reshape(-1, 1, 3))
    assert len(np.unique(packed[::3])) == 3**5
    assert np.array_equal(unpack_dense(packed, 1, 3), trits.reshape(-1, 1, 3))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="trits must be -1, 0 or 1"):
        pack_dense([[[2, 0, 0]]])
    with pytest.raises(ValueError, match="4 columns are not a multiple of 3"):
        pack_dense(np.zeros((1, 2, 4), int))
    for shape in ((3, 2), (4, 32)):
        with pytest.raises(ValueError, match="bytes do not hold 4 x 24 trits"):
            unpack_dense(np.zeros(shape, np.uint8), 4, 24)


@pytest.mark.parametrize("lane, columns", [("adders", 8), ("tables", 12), ("twin_tables", 12)])
def test_words_outside_the_chip_take_five_trits_a_byte(lane: Lane, columns: int) -> None:
    machine = token_machine(rows=10, columns=columns, vector_lanes=2, lane=lane, code_depth=48,
                            ternary_weight_depth=50, memory=Axi())
    trits = np.random.default_rng(columns).integers(-1, 2, (50, 10, columns))
    packed = pack_words(machine, trits)
    assert packed.shape == (machine.weight_words, machine.weight_bytes)
    assert packed.size == memory_bytes(machine) == 50 * 10 * columns // 5
    assert np.array_equal(unpack_words(machine, packed), trits)
    assert np.array_equal(unpack_some(machine, packed, 7, 11), trits[7:18])
