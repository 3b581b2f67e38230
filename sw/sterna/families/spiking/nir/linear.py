"""What lies between neurons in a NIR graph, as matrices: weights, scales, convolutions, delays."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.program.declarations import MAX_DELAY

Reals = NDArray[np.float64]
Shape = tuple[int, ...]

MATRIX_LIMIT = 1 << 22
"""Elements of the largest matrix that a convolution or pooling is written out to."""
_WHOLE = 1e-3
"""Of a step, by which single precision may miss a whole delay."""


@dataclass(frozen=True)
class Term:
    """``weights @ source``, each element [targets, sources] taken ``delays`` steps late."""

    source: str
    weights: Reals
    delays: NDArray[np.int64]


@dataclass(frozen=True)
class Linear:
    """A sum of terms and a bias [targets], of some shape."""

    terms: tuple[Term, ...]
    bias: Reals
    shape: Shape

    @staticmethod
    def identity(source: str, shape: Shape) -> Linear:
        """The source itself."""
        size = prod(shape)
        delays = np.zeros((size, size), np.int64)
        return Linear((Term(source, np.eye(size), delays),), np.zeros(size), shape)

    def plus(self, other: Linear, name: str) -> Linear:
        """The sum of two edges into node `name`."""
        if prod(self.shape) != prod(other.shape):
            raise InputError(f"NIR node {name}: takes {self.shape} and {other.shape}")
        return Linear(self.terms + other.terms, self.bias + other.bias, self.shape)


def apply(name: str, node: Any, before: Linear, dt: float) -> Linear:
    """The linear node after what comes before it. Raises `InputError` when it cannot be lowered."""
    kind = type(node).__name__
    if kind == "Output":
        return before
    if kind == "Flatten":
        # Elements keep their order, so that only a later convolution would ask for the shape.
        return Linear(before.terms, before.bias, (prod(before.shape),))
    if kind == "Delay":
        return _delay(name, node, before, dt)
    if kind == "Scale":
        scale = _spread(name, "scale", node.scale, before.shape)
        return _times(name, np.diag(scale), before, before.shape)
    if kind in ("Linear", "Affine"):
        result = _times(name, np.asarray(node.weight, np.float64), before, None)
        bias = _spread(name, "bias", node.bias, result.shape) if kind == "Affine" else 0.0
        return Linear(result.terms, result.bias + bias, result.shape)
    if kind in ("Conv1d", "Conv2d", "SumPool2d", "AvgPool2d"):
        return _window(name, kind, node, before)
    raise InputError(
        f"NIR node {name}: {kind} is not supported; supported are Affine, Linear, Scale, Flatten, "
        "Delay, Conv1d, Conv2d, SumPool2d, AvgPool2d, LIF, CubaLIF, LI, I, IF and Threshold"
    )


def _spread(name: str, attribute: str, value: Any, shape: Shape) -> Reals:
    """The values of an attribute for every element of a shape, flat."""
    array = np.asarray(value, np.float64)
    if array.size == prod(shape):
        return array.reshape(-1)
    try:
        return np.broadcast_to(array, shape).reshape(-1)
    except ValueError:
        raise InputError(
            f"NIR node {name}: {attribute} of shape {list(array.shape)} for values of shape "
            f"{list(shape)}"
        ) from None


def _times(name: str, matrix: Reals, before: Linear, shape: Shape | None) -> Linear:
    if matrix.ndim != 2 or matrix.shape[1] != before.bias.size:
        raise InputError(
            f"NIR node {name}: weights of shape {list(matrix.shape)} after "
            f"{before.bias.size} values"
        )
    terms = []
    for term in before.terms:
        if (term.delays == term.delays[:1]).all():
            delays = np.repeat(term.delays[:1], matrix.shape[0], 0)
        elif ((matrix != 0).sum(1) <= 1).all():
            delays = term.delays[np.abs(matrix).argmax(1)]
        else:
            raise InputError(
                f"NIR node {name}: mixes values of different delays; put the Delay before the "
                "weights"
            )
        terms.append(Term(term.source, matrix @ term.weights, delays))
    return Linear(tuple(terms), matrix @ before.bias, shape or (matrix.shape[0],))


def _delay(name: str, node: Any, before: Linear, dt: float) -> Linear:
    if before.bias.any():
        raise InputError(f"NIR node {name}: delays a bias; put the Delay before the weights")
    exact = _spread(name, "delay", node.delay, before.shape) / dt
    if (np.abs(exact - np.rint(exact)) > _WHOLE).any():
        worst = exact[np.abs(exact - np.rint(exact)).argmax()]
        raise InputError(f"NIR node {name}: a delay of {worst:.4g} steps of {dt:g} s; it must be "
                         "whole steps, see --dt")
    steps = np.rint(np.minimum(exact, 2.0**31)).astype(np.int64)
    terms = tuple(
        Term(term.source, term.weights, term.delays + steps[:, None]) for term in before.terms
    )
    if steps.min() < 0 or max(int(term.delays.max()) for term in terms) > MAX_DELAY:
        raise InputError(
            f"NIR node {name}: delays of {steps.min()} to {steps.max()} steps of {dt:g} s; "
            f"possible are 0 to {MAX_DELAY} in all, see --dt"
        )
    return Linear(terms, before.bias, before.shape)


def _window(name: str, kind: str, node: Any, before: Linear) -> Linear:
    """A convolution or pooling, written out as the matrix of its answers to unit inputs."""
    shape = before.shape
    if kind == "Conv1d" and len(shape) == 1 or kind != "Conv1d" and len(shape) == 2:
        shape = (1, *shape)
    dimensions = 2 if kind == "Conv1d" else 3
    while len(shape) > dimensions and shape[0] == 1:
        shape = shape[1:]
    if len(shape) != dimensions:
        raise InputError(
            f"NIR node {name}: {kind} after values of shape {list(before.shape)}; it takes "
            "channels and positions"
        )
    given = getattr(node, "input_shape", None)
    if given is not None and tuple(np.ravel(given)) != shape[1:]:
        raise InputError(f"NIR node {name}: its input_shape is {np.ravel(given).tolist()}, but "
                         f"values of shape {list(before.shape)} lead to it")
    size = prod(shape)
    with torch.no_grad():
        try:
            sample = _answer(kind, node, torch.zeros(1, *shape, dtype=torch.float64))
        except (RuntimeError, ValueError) as error:
            raise InputError(
                f"NIR node {name}: {kind} does not fit values of shape {list(before.shape)} "
                f"({str(error).splitlines()[0]})"
            ) from None
        if size * sample.numel() > MATRIX_LIMIT:
            raise InputError(
                f"NIR node {name}: {kind} from {size} to {sample.numel()} values is too large to "
                f"be written out as a matrix of at most {MATRIX_LIMIT} elements"
            )
        units = torch.eye(size, dtype=torch.float64).reshape(size, *shape)
        matrix = _answer(kind, node, units).reshape(size, -1).T.numpy().copy()
    result = _times(name, matrix, before, tuple(sample.shape[1:]))
    if kind not in ("Conv1d", "Conv2d") or node.bias is None:
        return result
    positions = prod(sample.shape[2:])
    bias = np.repeat(np.asarray(node.bias, np.float64).reshape(-1), positions)
    return Linear(result.terms, result.bias + bias, result.shape)


def _answer(kind: str, node: Any, values: torch.Tensor) -> torch.Tensor:
    if kind in ("Conv1d", "Conv2d"):
        function = torch.nn.functional.conv1d if kind == "Conv1d" else torch.nn.functional.conv2d
        weight = torch.from_numpy(np.array(node.weight, np.float64))
        return function(
            values, weight, stride=_sizes(node.stride), padding=_sizes(node.padding),
            dilation=_sizes(node.dilation), groups=int(node.groups),
        )
    kernel, stride, padding = (
        _sizes(value) for value in (node.kernel_size, node.stride, node.padding)
    )
    mean = torch.nn.functional.avg_pool2d(values, kernel, stride, padding)
    if kind == "AvgPool2d":
        return mean
    kernel = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    return mean * prod(int(value) for value in kernel)


def _sizes(value: Any) -> Any:
    """A number, a tuple of numbers, or the word that torch takes for a padding."""
    if isinstance(value, str | bytes):
        return value.decode() if isinstance(value, bytes) else value
    sizes = tuple(int(item) for item in np.asarray(value).reshape(-1))
    return sizes[0] if len(sizes) == 1 else sizes
