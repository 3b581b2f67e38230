"""Codes are whole numbers of at most 127."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.law.codes import whole_codes


@pytest.mark.parametrize("values", [[1, -127], np.array([[0.0, 127.0]]), [True, False], []])
def test_whole_numbers_are_taken(values) -> None:
    taken = whole_codes(values)
    assert taken.dtype == np.int64 and np.array_equal(taken, np.asarray(values, np.int64))


@pytest.mark.parametrize(("values", "message"), [
    ([0.5], "must be whole numbers"), ([np.nan], "must be whole numbers"),
    (["1"], "must be whole numbers"), ([3, 128], "3 to 128 exceed 127"),
    ([-128, 0], "-128 to 0 exceed 127"),
])
def test_others_are_refused(values, message: str) -> None:
    with pytest.raises(InputError, match=message):
        whole_codes(np.asarray(values))
