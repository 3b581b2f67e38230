"""The five-bit code of three trits."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sterna.machine.presets import token_machine
from sterna.machine.triples import STEPS, entries, pack_triples, unpack_triples
from sterna.machine.trits import pack_trits
from sterna.machine.weight_words import pack_words, unpack_words

ALL = np.array(list(product((-1, 0, 1), repeat=3)))


def test_entries_are_all_sums_but_for_the_sign():
    table = [tuple(entry) for entry in entries().tolist()]
    assert len(table) == len(STEPS) + 1 == 14 and table[0] == (0, 0, 0)
    both = set(table) | {tuple(-value for value in entry) for entry in table}
    assert both == {tuple(trits) for trits in ALL.tolist()}


def test_a_triple_is_index_and_sign():
    """Each triple alone in a word of eight, first and second, against its definition."""
    for trits in ALL:
        rows = np.zeros((1, 24), int)
        rows[0, 1::8] = trits
        word = int.from_bytes(pack_triples(rows).tobytes(), "little")
        code = word >> 5
        assert word & 31 == 0 and code < 32
        assert np.array_equal(entries()[code & 15] * (-1 if code & 16 else 1), trits)
        assert code != 16


@pytest.mark.parametrize("shape", [(1, 3), (2, 6), (4, 24), (5, 9), (8, 48)])
def test_trits_come_back(shape):
    trits = np.random.default_rng(shape[0]).integers(-1, 2, (7, 3, *shape))
    packed = pack_triples(trits)
    assert packed.dtype == np.uint8
    assert packed.shape == (7, 3, -(-5 * shape[0] * shape[1] // 24))
    assert np.array_equal(unpack_triples(packed, *shape), trits)
    assert not pack_triples(np.zeros(shape, np.int8)).any()


@pytest.mark.parametrize("wrong", [2, -2, 0.5])
def test_only_trits(wrong):
    with pytest.raises(ValueError, match="trits must be"):
        pack_triples(np.array([[0, wrong, 1]]))


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match="4 columns are not a multiple of 3"):
        pack_triples(np.zeros((2, 4), np.int8))
    with pytest.raises(ValueError, match="2 bytes do not hold 2 x 6 trits"):
        unpack_triples(np.zeros(2, np.uint8), 2, 6)


@pytest.mark.parametrize("lane, columns", [("adders", 8), ("tables", 12)])
def test_words_of_a_configuration(lane, columns):
    machine = token_machine(rows=4, columns=columns, vector_lanes=4, lane=lane,
                                          code_depth=96)
    trits = np.random.default_rng(1).integers(-1, 2, (9, 4, columns))
    packed = pack_words(machine, trits)
    assert packed.shape == (9, machine.ternary.weight_bytes)
    assert np.array_equal(unpack_words(machine, packed), trits)
    other = pack_trits(trits.reshape(9, -1)) if lane == "adders" else pack_triples(trits)
    assert np.array_equal(packed, other)
