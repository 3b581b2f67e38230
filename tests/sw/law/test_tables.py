"""Tables come near the functions that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.golden.arithmetic import lookup_values
from sterna.law.tables import function_table, sigmoid, sigmoid_table


@pytest.mark.parametrize(
    ("word_bits", "input_fraction", "output_fraction", "largest"),
    # Half of what a chord leaves: width**2 / 16 * 0.0963, and a unit for rounding.
    [(18, 13, 16, 4e-5), (18, 12, 16, 1.1e-4), (18, 11, 17, 4e-4), (16, 10, 12, 6e-4)],
)
def test_sigmoid_is_near(word_bits, input_fraction, output_fraction, largest):
    table = sigmoid_table("sigmoid", word_bits, input_fraction, output_fraction)
    values = lookup_values(table, word_bits).numpy()
    words = np.arange(1 << word_bits)
    words -= (words >> (word_bits - 1)) << word_bits
    exact = sigmoid(words * 2.0**-input_fraction)
    limit = (1 << (word_bits - 1)) - 1
    error = np.abs(values * 2.0**-output_fraction - exact)
    assert error.max() < largest
    assert values.min() >= 0
    assert values.max() <= min(limit, 1 << output_fraction)


def test_small_sigmoids_keep_their_size():
    """The share of the candidate in a long memory is a small sigmoid."""
    values = lookup_values(sigmoid_table("sigmoid", 18, 12, 16), 18).numpy()
    for argument in (-6.0, -4.5, -3.0):
        exact = 1 / (1 + np.exp(-argument)) * 2**16
        word = int(argument * 2**12)
        assert abs(values[word] - exact) <= max(1.0, 0.002 * exact)


def test_sigmoid_does_not_overflow():
    assert sigmoid(np.array([-1e4, 1e4])).tolist() == [0.0, 1.0]


def test_a_linear_function_is_exact():
    table = function_table("half", lambda x: x / 2, 18, 12, 12)
    words = np.arange(-131072, 131072)
    error = lookup_values(table, 18).numpy()[words] - words / 2
    assert np.abs(error).max() <= 0.5


def test_too_steep_a_function_is_refused():
    with pytest.raises(InputError, match="table sigmoid: too steep for 18-bit words with 8"):
        sigmoid_table("sigmoid", 18, 8, 17)
