"""Planes stand for their weights, and the reach of sums is the largest that codes can make."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sterna.errors import InputError
from sterna.law.arithmetic import CODE_LIMIT
from sterna.law.planes import (
    full,
    plane_limit,
    planes_needed,
    reach,
    signed_bits,
    ternary_planes,
    whole_weights,
)


@given(st.integers(1, 24).flatmap(lambda planes: st.tuples(
    st.just(planes), st.integers(-plane_limit(planes), plane_limit(planes)))))
def test_planes_stand_for_their_weights(case: tuple[int, int]) -> None:
    """Every weight of so many planes, and not one more."""
    planes, weight = case
    weights = np.array([[weight, -weight]])
    digits = ternary_planes(weights, planes)
    assert digits.shape == (planes, 1, 2) and digits.dtype == np.int8
    assert np.abs(digits).max() <= 1 and np.array_equal(whole_weights(digits), weights)
    assert planes_needed(weights) <= planes
    with pytest.raises(InputError, match=f"exceed {plane_limit(planes)}, .* {planes} ternary"):
        ternary_planes(np.array([plane_limit(planes) + 1]), planes)


def test_limits_of_planes() -> None:
    assert [plane_limit(planes) for planes in range(1, 6)] == [1, 4, 13, 40, 121]
    assert [planes_needed(np.array([weight])) for weight in (0, 1, -2, 4, 5, -13, 121, 122)] == [
        1, 1, 2, 2, 3, 3, 5, 6]


@given(st.lists(st.integers(-40, 40), min_size=2, max_size=4),
       st.lists(st.integers(-40, 40), min_size=1, max_size=2), st.integers(1, 3))
def test_reach_is_met_and_never_passed(first: list[int], second: list[int], limit: int) -> None:
    """Against all codes at their ends, for two matrices into the same two rows."""
    one = np.array([first, [1] * len(first)])
    two = np.array([second, [-1] * len(second)])
    joined = np.concatenate([one, two], axis=1)
    codes = np.array(list(product((-limit, 0, limit), repeat=joined.shape[1])))
    assert int(np.abs(joined @ codes.T).max()) == reach(one, two, limit=limit)


def test_a_matrix_of_which_only_the_size_is_known() -> None:
    assert reach(full(100)) == CODE_LIMIT * 100
    assert reach(full(7, 3), limit=1) == 7 * 13
    known = np.array([[1, 0, -1], [1, 1, 1]])
    assert reach(full(3)) == reach(known) and reach(known, full(2), limit=1) == 5
    assert reach() == reach(np.zeros((0, 4), np.int64)) == 0


@pytest.mark.parametrize("largest", [0, 1, 127, 128, 255, 256])
def test_signed_bits_hold_both_signs(largest: int) -> None:
    """And one bit less does not."""
    bits = signed_bits(largest)
    assert largest <= (1 << bits - 1) - 1
    assert largest == 0 or largest > (1 << bits - 2) - 1
