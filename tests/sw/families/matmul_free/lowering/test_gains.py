"""Gains as words and constants as scalar floats lose no more than a rounding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sterna.families.layers.scalars import scalar_constant
from sterna.families.matmul_free.lowering.gains import scale_gain

LIMIT = (1 << 17) - 1


@settings(deadline=None)
@given(
    st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=20), st.integers(8, 17)
)
def test_gains_keep_their_bits(values, bits):
    gain = np.array(values, np.float32)
    scaled = scale_gain(gain, bits, LIMIT)
    largest = np.abs(gain).max()
    if largest == 0:
        assert scaled.fraction == 0 and not scaled.values.any()
        return
    assert 1 << (bits - 1) <= np.abs(scaled.values).max() <= min(1 << bits, LIMIT)
    real = scaled.values * 2.0**-scaled.fraction
    # Half a unit, or what saturates: one unit of the greatest gain.
    step = 2.0**-scaled.fraction
    assert np.abs(real - gain).max() <= (1.0 if bits == 17 else 0.5) * step


@pytest.mark.parametrize(("value", "fraction"), [(1.0, 15), (2.0, 14), (1.99, 15), (0.5, 16)])
def test_powers_of_two_start_an_interval(value, fraction):
    scaled = scale_gain(np.array([value, -value / 3]), 16, LIMIT)
    assert scaled.fraction == fraction
    assert scaled.values[0] == round(value * 2**fraction)


@settings(deadline=None)
@given(st.floats(1e-30, 1e30), st.integers(12, 18))
def test_scalar_constants_are_nearest(value, word_bits):
    constant = scalar_constant(value, word_bits)
    assert 1 << 16 <= constant.mantissa < 1 << 17
    assert constant.mantissa % (1 << 18 - word_bits) == 0
    assert abs(constant.mantissa * 2.0**constant.exponent / value - 1) <= 2.0 ** (1 - word_bits)


@pytest.mark.parametrize("word_bits", [12, 16, 18])
def test_special_scalar_constants(word_bits):
    zero = scalar_constant(0, word_bits)
    assert (zero.mantissa, zero.exponent) == (0, 0)
    rounded_up = scalar_constant(2 - 2**-30, word_bits)
    assert (rounded_up.mantissa, rounded_up.exponent) == (1 << 16, -15)
