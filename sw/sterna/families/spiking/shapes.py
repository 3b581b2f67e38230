"""Shapes of values between neurons: fields spread over them, and what to say of a misfit.

The ``what`` of a message names the node of a graph or the child of a module.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError

Reals = NDArray[np.float64]
Shape = tuple[int, ...]


def spread(what: str, field: str, value: Any, shape: Shape) -> Reals:
    """The values of a field for every element of a shape, flat. Raises `InputError`."""
    array = np.asarray(value, np.float64)
    if array.size == prod(shape) and (array.ndim < 2 or bare(array.shape) == bare(shape)
                                      or len(bare(shape)) < 2):
        return array.reshape(-1)
    try:
        return np.broadcast_to(array, shape).reshape(-1)
    except ValueError:
        raise InputError(misfit(what, field, array.shape, shape, array.size)) from None


def bare(shape: Shape) -> Shape:
    """Without the axes of one element, which change nothing."""
    return tuple(size for size in shape if size != 1)


def misfit(what: str, field: str, has: Shape, shape: Shape, size: int) -> str:
    """What to say of a field that does not fit values of a shape; it would fit `size` values."""
    return (f"{what}: {field} has shape {list(has)}, but values of shape {list(shape)} lead "
            f"to it{told_axes(shape, size)}")


def told_axes(shape: Shape, size: int) -> str:
    """The advice where the last axes of a shape alone are `size` values."""
    for first in range(1, len(shape)):
        if prod(shape[first:]) == size:
            break
    else:
        return ""
    if prod(shape[:first]) == 1:
        return ""
    return (f"; its first axes, {list(shape[:first])}, look like time steps or a batch: export the "
            "graph from one time step of one sample")


def sizes(value: Any) -> Any:
    """A number, a tuple of numbers, or the word that torch takes for a padding."""
    if isinstance(value, str | bytes):
        return value.decode() if isinstance(value, bytes) else value
    found = tuple(int(item) for item in np.asarray(value).reshape(-1))
    return found[0] if len(found) == 1 else found
