"""What lies between neurons in a NIR graph: matrices, windows, scales, delays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.spiking.nir.shapes import Shape, misfit, spread, told_axes
from sterna.families.spiking.nir.windows import WINDOWS, Windowed, window
from sterna.program.declarations import MAX_DELAY

Reals = NDArray[np.float64]
Delays = NDArray[np.int64]

IDENTITY_LIMIT = 1 << 24
"""Elements of the largest matrix that hands each value on as it is."""
_WHOLE = 1e-3
"""Of a step, by which single precision may miss a whole delay."""


@dataclass(frozen=True)
class Term:
    """``weights @ source``, each element [targets, sources] taken ``delays`` steps late.

    Weights may be a window, which has no delays; those of None hand the source on as it is. Delays
    of None are none.
    """

    source: str
    weights: Reals | Windowed | None
    delays: Delays | None = None


@dataclass(frozen=True)
class Linear:
    """A sum of terms and a bias [targets], of some shape."""

    terms: tuple[Term, ...]
    bias: Reals
    shape: Shape

    @staticmethod
    def identity(source: str, shape: Shape) -> Linear:
        """The source itself."""
        return Linear((Term(source, None),), np.zeros(prod(shape)), shape)

    @property
    def is_identity(self) -> bool:
        """Whether it is one source, as it is."""
        weights = self.terms[0].weights
        return len(self.terms) == 1 and self.terms[0].delays is None and not self.bias.any() and (
            weights is None or not isinstance(weights, Windowed)
            and weights.shape[0] == weights.shape[1]
            and bool((weights == np.eye(len(weights))).all()))

    def matrices(self, name: str) -> Iterable[tuple[str, Reals | Windowed, Delays | None]]:
        """Source, weights and delays of every term, written out but for windows.

        Raises `InputError`.
        """
        for term in self.terms:
            weights = term.weights
            if not isinstance(weights, Windowed):
                weights = _weights(name, term, self.bias.size)
            yield term.source, weights, term.delays

    def plus(self, other: Linear, name: str) -> Linear:
        """The sum of two edges into node `name`; terms of one source are added up."""
        if prod(self.shape) != prod(other.shape):
            raise InputError(f"node {name}: values of shape {list(self.shape)} and of "
                             f"{list(other.shape)} lead to it; they must be of one size")
        terms = list(self.terms)
        for term in other.terms:
            place = next((place for place, mine in enumerate(terms) if _together(mine, term)), None)
            if place is None or _windows_apart(terms[place], term):
                terms.append(term)
                continue
            mine, theirs = (_weights(name, item, self.bias.size) for item in (terms[place], term))
            terms[place] = Term(term.source, mine + theirs, term.delays)
        return Linear(tuple(terms), self.bias + other.bias, self.shape)


def _together(mine: Term, other: Term) -> bool:
    if mine.delays is None or other.delays is None:
        same = mine.delays is other.delays
    else:
        same = np.array_equal(mine.delays, other.delays)
    return same and mine.source == other.source


def _windows_apart(mine: Term, other: Term) -> bool:
    """Whether one is a window, which stays by itself."""
    return isinstance(mine.weights, Windowed) or isinstance(other.weights, Windowed)


def _weights(name: str, term: Term, size: int) -> Reals:
    if isinstance(term.weights, Windowed):
        return term.weights.matrix(name)
    if term.weights is not None:
        return term.weights
    if size * size > IDENTITY_LIMIT:
        raise InputError(f"node {name}: {size} values that lead to it as they are, without "
                         f"weights, are too many; a matrix may have {IDENTITY_LIMIT} elements")
    return np.eye(size)


def apply(name: str, node: Any, before: Linear, dt: float) -> Linear:
    """The linear node after what comes before it. Raises `InputError` when it cannot be lowered."""
    kind = type(node).__name__
    if kind in ("Input", "Output"):
        _check_port(name, kind, node, before.shape)
        return before
    if kind == "Flatten":
        return _flatten(name, node, before)
    if kind == "Delay":
        return _delay(name, node, before, dt)
    if kind == "Scale":
        return _scale(name, spread(name, "scale", node.scale, before.shape), before)
    if kind in ("Linear", "Affine"):
        result = _times(name, np.asarray(node.weight, np.float64), before)
        bias = spread(name, "bias", node.bias, result.shape) if kind == "Affine" else 0.0
        return Linear(result.terms, result.bias + bias, result.shape)
    if kind in WINDOWS:
        made, bias, shape = window(name, kind, node, before.shape)
        return _behind(name, made, before, bias, shape)
    raise InputError(
        f"node {name}: {kind} is not supported; supported are Affine, Linear, Scale, Flatten, "
        "Delay, Conv1d, Conv2d, SumPool2d, AvgPool2d, LIF, CubaLIF, LI, I, IF and Threshold"
    )


def _check_port(name: str, kind: str, node: Any, shape: Shape) -> None:
    types = node.input_type["input"] if kind == "Input" else node.output_type["output"]
    declared = tuple(int(size) for size in types)
    if prod(declared) != prod(shape):
        raise InputError(
            f"node {name}: has shape {list(declared)}, but what leads to it has {list(shape)}"
            + (told_axes(declared, prod(shape)) or told_axes(shape, prod(declared))))


def _flatten(name: str, node: Any, before: Linear) -> Linear:
    """Elements keep their order, so that only a later convolution would ask for the shape."""
    given = (node.input_type or {}).get("input")
    if given is not None and prod(int(size) for size in given) != prod(before.shape):
        raise InputError(f"node {name}: its input_type is {[int(size) for size in given]}, but "
                         f"values of shape {list(before.shape)} lead to it"
                         + told_axes(before.shape, prod(int(size) for size in given)))
    axes = len(before.shape) + 1 if given is None else len(given)
    for field in ("start_dim", "end_dim"):
        axis = int(getattr(node, field))
        if not -axes <= axis <= axes:
            raise InputError(f"node {name}: {field} is {axis}, but values of shape "
                             f"{list(before.shape)} lead to it")
    return Linear(before.terms, before.bias, (prod(before.shape),))


def _behind(name: str, made: Windowed, before: Linear, bias: Reals, shape: Shape) -> Linear:
    """A window behind what comes before it, written out where both are not one window."""
    terms = []
    for term in before.terms:
        joined = None
        if term.weights is None and term.delays is None:
            joined = made
        elif isinstance(term.weights, Windowed):
            joined = term.weights.then(made)
        if joined is None:
            alone = Linear((term,), np.zeros(before.bias.size), before.shape)
            terms += _times(name, made.matrix(name), alone).terms
        else:
            terms.append(Term(term.source, joined))
    if before.bias.any():
        from sterna.golden.windows import windowed  # and with it PyTorch

        bias = bias + windowed(made.window, before.bias[None], made.weights)[0]
    return Linear(tuple(terms), np.broadcast_to(bias, (prod(shape),)).copy(), shape)


def _times(name: str, matrix: Reals, before: Linear) -> Linear:
    if matrix.shape[1] != before.bias.size:
        raise InputError(misfit(name, "weight", matrix.shape, before.shape, matrix.shape[1]))
    terms = []
    for term in before.terms:
        if isinstance(term.weights, Windowed):
            joined = term.weights.flat(matrix)
            weights = matrix @ term.weights.matrix(name) if joined is None else joined
            terms.append(Term(term.source, weights))
            continue
        delays = term.delays
        if delays is not None and (delays == delays[:1]).all():
            delays = np.repeat(delays[:1], matrix.shape[0], 0)
        elif delays is not None and ((matrix != 0).sum(1) <= 1).all():
            delays = delays[np.abs(matrix).argmax(1)]
        elif delays is not None:
            raise InputError(
                f"node {name}: mixes values of different delays; put the Delay before the weights")
        weights = matrix if term.weights is None else matrix @ term.weights
        terms.append(Term(term.source, weights, delays))
    return Linear(tuple(terms), matrix @ before.bias, (matrix.shape[0],))


def _scale(name: str, scale: Reals, before: Linear) -> Linear:
    terms = []
    for term in before.terms:
        scaled = term.weights.scaled(scale) if isinstance(term.weights, Windowed) else None
        if scaled is None:
            weights = _weights(name, term, scale.size) * scale[:, None]
            terms.append(Term(term.source, weights, term.delays))
        else:
            terms.append(Term(term.source, scaled))
    return Linear(tuple(terms), before.bias * scale, before.shape)


def _delay(name: str, node: Any, before: Linear, dt: float) -> Linear:
    if before.bias.any():
        raise InputError(f"node {name}: delays a bias; put the Delay before the weights")
    exact = spread(name, "delay", node.delay, before.shape) / dt
    if (np.abs(exact - np.rint(exact)) > _WHOLE).any():
        worst = exact[np.abs(exact - np.rint(exact)).argmax()]
        raise InputError(f"node {name}: a delay of {worst:.4g} steps of {dt:g} s; it must be "
                         "whole steps, see --dt")
    steps = np.rint(np.minimum(exact, 2.0**31)).astype(np.int64)
    if not steps.any():
        return before
    terms = []
    for term in before.terms:
        weights = _weights(name, term, steps.size)
        late = np.zeros(weights.shape, np.int64) if term.delays is None else term.delays
        terms.append(Term(term.source, weights, late + steps[:, None]))
    if steps.min() < 0 or max(int(term.delays.max()) for term in terms) > MAX_DELAY:
        raise InputError(
            f"node {name}: delays of {steps.min()} to {steps.max()} steps of {dt:g} s; "
            f"possible are 0 to {MAX_DELAY} in all, see --dt"
        )
    return Linear(tuple(terms), before.bias, before.shape)
