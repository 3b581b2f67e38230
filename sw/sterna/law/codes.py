"""Codes: the integers of at most `CODE_LIMIT` that matrices and synapses take."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sterna.errors import InputError
from sterna.law.arithmetic import CODE_LIMIT

LEAST_FRACTION, MOST_FRACTION = -8, 16
"""Fraction bits of inputs; negative ones are for values above 127: fraction -1 counts in twos."""


def whole_codes(codes: ArrayLike) -> NDArray[np.int64]:
    """Codes as int64. Raises `InputError` for what is no whole number of at most `CODE_LIMIT`."""
    values = np.asarray(codes)
    if values.dtype.kind not in "biuf" or not (values == np.rint(values)).all():
        raise InputError("input codes must be whole numbers; real inputs become codes by the input "
                         "fraction of their network")
    if values.size and not -CODE_LIMIT <= values.min() <= values.max() <= CODE_LIMIT:
        raise InputError(f"input codes of {values.min()} to {values.max()} exceed {CODE_LIMIT}")
    return values.astype(np.int64)
