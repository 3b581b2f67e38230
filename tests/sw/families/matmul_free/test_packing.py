from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from sterna.families.matmul_free.packing import pack_trits, packed_size, unpack_trits

CODES = arrays(np.int8, array_shapes(max_dims=2, max_side=40), elements=st.integers(-1, 1))


@given(CODES)
def test_round_trip(codes: NDArray[np.int8]) -> None:
    packed = pack_trits(codes)
    assert packed.shape == (packed_size(codes.size),)
    restored = unpack_trits(packed, codes.shape)
    assert restored.dtype == np.int8
    np.testing.assert_array_equal(restored, codes)


def test_a_byte_is_a_number_in_base_three() -> None:
    codes = np.array([1, 0, -1, 1, 0, -1], np.int8)
    assert pack_trits(codes).tolist() == [2 + 3 + 0 + 2 * 27 + 81, 0 + 3 + 9 + 27 + 81]


def test_foreign_codes_are_refused() -> None:
    with pytest.raises(ValueError, match="-1, 0 or 1"):
        pack_trits(np.array([0, 2], np.int8))


@pytest.mark.parametrize(
    ("packed", "message"),
    [([243], "five ternary"), ([0], "last byte"), ([121, 121], "cannot hold")],
)
def test_damaged_bytes_are_refused(packed: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        unpack_trits(np.array(packed, np.uint8), (1, 3))
