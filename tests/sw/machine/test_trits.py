"""The five-trit byte code."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sterna.machine.trits import pack_trits, unpack_trits

ALL = np.array(list(product((-1, 0, 1), repeat=5)), dtype=np.int8)


def test_every_value_has_its_own_byte() -> None:
    packed = pack_trits(ALL)
    assert packed.shape == (243, 1)
    assert len(np.unique(packed)) == 243
    assert np.array_equal(unpack_trits(packed, 5), ALL)


def test_every_byte_decodes_to_trits() -> None:
    values = unpack_trits(np.arange(256, dtype=np.uint8).reshape(-1, 1), 5)
    assert set(np.unique(values)) == {-1, 0, 1}
    assert len(np.unique(values, axis=0)) == 243


def test_byte_zero_is_five_zeros() -> None:
    assert not unpack_trits(np.zeros(7, np.uint8), 35).any()
    assert not pack_trits(np.zeros(35, np.int8)).any()


@pytest.mark.parametrize("byte, trits", [
    (0b000_110_10, (0, 1, 1, -1, -1)),
    (0b011_101_11, (1, 0, 1, 0, -1)),
    (0b110_011_00, (1, 0, 0, 1, 1)),
    (0b001_101_00, (-1, -1, 0, 0, 0)),
    (0b001_000_00, (-1, 0, 0, 0, 0)),
])
def test_known_bytes(byte: int, trits: tuple[int, ...]) -> None:
    assert tuple(unpack_trits(np.array([byte]), 5)) == trits


@pytest.mark.parametrize("shape", [(0,), (1,), (4,), (5,), (6,), (3, 128), (2, 3, 17)])
def test_padding_and_shapes(shape: tuple[int, ...]) -> None:
    trits = np.random.default_rng(1).integers(-1, 2, shape).astype(np.int8)
    packed = pack_trits(trits)
    assert packed.dtype == np.uint8
    assert packed.shape == (*shape[:-1], -(-shape[-1] // 5))
    assert np.array_equal(unpack_trits(packed, shape[-1]), trits)
    assert not unpack_trits(packed, 5 * packed.shape[-1])[..., shape[-1]:].any()


@pytest.mark.parametrize("wrong", [2, -2, 127, 256])
def test_other_values_are_refused(wrong: int) -> None:
    with pytest.raises(ValueError, match="-1, 0 or 1"):
        pack_trits(np.array([0, wrong, 1]))


def test_too_few_bytes() -> None:
    with pytest.raises(ValueError, match="do not hold 6"):
        unpack_trits(np.zeros(1, np.uint8), 6)
