"""Convolutions and pooling of a NIR graph, written out as matrices."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.spiking.nir.shapes import Shape, sizes, told_axes

Reals = NDArray[np.float64]

MATRIX_LIMIT = 1 << 22
"""Elements of the largest matrix that a convolution or pooling is written out to."""
WINDOWS = ("Conv1d", "Conv2d", "SumPool2d", "AvgPool2d")


def window(name: str, kind: str, node: Any, before: Shape) -> tuple[Reals, Reals, Shape]:
    """The matrix of the answers to unit inputs, the bias of each output, and the outputs' shape.

    Raises `InputError` when the node does not fit values of that shape, or is too large.
    """
    shape = _channels(name, kind, before)
    given = getattr(node, "input_shape", None)
    if given is not None and tuple(np.ravel(given)) != shape[1:]:
        raise InputError(f"node {name}: its input_shape is {np.ravel(given).tolist()}, but "
                         f"values of shape {list(before)} lead to it"
                         + told_axes(before, prod(int(size) for size in np.ravel(given))))
    size = prod(shape)
    found = _made(kind, node, shape)
    misfit = f"node {name}: {kind} does not fit values of shape {list(before)}"
    if min(found) < 1:
        raise InputError(f"{misfit}: it would make {list(found)} of them")
    if max(size, 1) * prod(found) > MATRIX_LIMIT:
        raise InputError(
            f"node {name}: {kind} from {size} to {prod(found)} values is too large to "
            f"be written out as a matrix of at most {MATRIX_LIMIT} elements")
    from sterna.families.spiking.nir.answers import unit_answers  # and with it PyTorch

    try:
        matrix = unit_answers(kind, node, shape)
    except (RuntimeError, ValueError) as error:
        raise InputError(f"{misfit} ({str(error).splitlines()[0]})") from None
    bias = getattr(node, "bias", None)
    values = np.zeros(1) if bias is None else np.repeat(
        np.asarray(bias, np.float64).reshape(-1), prod(found[1:]))
    return matrix, values, found


def _channels(name: str, kind: str, before: Shape) -> Shape:
    """Channels and positions: one channel where there is none, no batch of one."""
    dimensions = 2 if kind == "Conv1d" else 3
    shape = (1, *before) if len(before) == dimensions - 1 else before
    while len(shape) > dimensions and shape[0] == 1:
        shape = shape[1:]
    if len(shape) != dimensions:
        advice = "" if len(shape) < dimensions else told_axes(
            before, prod(before[len(before) - dimensions:]))
        raise InputError(f"node {name}: {kind} after values of shape {list(before)}; it takes "
                         f"channels and positions{advice}")
    return shape


def _made(kind: str, node: Any, shape: Shape) -> Shape:
    """The shape that comes out, known before anything of its size is made."""
    axes = len(shape) - 1
    weight = np.shape(node.weight) if kind in ("Conv1d", "Conv2d") else ()
    kernel = weight[2:] or _each(node.kernel_size, axes)
    if isinstance(padding := sizes(node.padding), str):
        both = [size - 1 if padding == "same" else 0 for size in _spans(kernel, node, axes)]
    else:
        both = [2 * size for size in _each(padding, axes)]
    places = (size + more - span for size, more, span in zip(
        shape[1:], both, _spans(kernel, node, axes), strict=True))
    steps = _each(node.stride, axes)
    made = (1 + place // step for place, step in zip(places, steps, strict=True))
    return ((weight or shape)[0], *made)


def _spans(kernel: Shape, node: Any, axes: int) -> list[int]:
    """How many positions a window reaches over, in each axis."""
    dilation = _each(getattr(node, "dilation", 1), axes)
    return [step * (size - 1) + 1 for size, step in zip(kernel, dilation, strict=True)]


def _each(value: Any, axes: int) -> Shape:
    found = sizes(value)
    return found if isinstance(found, tuple) else (found,) * axes
