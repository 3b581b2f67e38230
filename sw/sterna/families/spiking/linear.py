"""What lies between neurons: sums of matrices and windows, each times a source, and delays.

The ``what`` of a message names the node of a graph or the child of a module.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.spiking.shapes import Shape, misfit
from sterna.families.spiking.windows import Windowed

Reals = NDArray[np.float64]
Delays = NDArray[np.int64]

IDENTITY_LIMIT = 1 << 24
"""Elements of the largest matrix that hands each value on as it is."""
MAP_LIMIT = 1 << 20
"""Values of the largest maps that are handed on so."""


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

    def matrices(self, what: str) -> Iterable[tuple[str, Reals | Windowed, Delays | None]]:
        """Source, weights and delays of every term, written out but for windows and whole maps.

        Raises `InputError`.
        """
        for term in self.terms:
            weights = _window_of(term, self.shape)
            yield (term.source, written_out(what, term, self.bias.size) if weights is None
                   else weights, term.delays)

    def plus(self, other: Linear, what: str) -> Linear:
        """The sum of both; terms of one source are added up, but for windows."""
        if prod(self.shape) != prod(other.shape):
            raise InputError(f"{what}: values of shape {list(self.shape)} and of "
                             f"{list(other.shape)} lead to it; they must be of one size")
        terms = list(self.terms)
        for term in other.terms:
            place = next((place for place, mine in enumerate(terms) if _together(mine, term)), None)
            if place is None or _windows_apart(terms[place], term):
                terms.append(term)
                continue
            size = self.bias.size
            weights = written_out(what, terms[place], size) + written_out(what, term, size)
            terms[place] = Term(term.source, weights, term.delays)
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


def _window_of(term: Term, shape: Shape) -> Windowed | None:
    """The window that a term is, or stands for where it hands on a map of a shape as it is."""
    if isinstance(term.weights, Windowed):
        return term.weights
    plain = term.weights is None and term.delays is None and 2 <= len(shape) <= 3
    maps = plain and prod(shape[1:]) > 1 and prod(shape) <= MAP_LIMIT
    return Windowed.identity(shape) if maps else None


def written_out(what: str, term: Term, size: int) -> Reals:
    """The weights [targets, sources] of a term. Raises `InputError` where they are too many."""
    if isinstance(term.weights, Windowed):
        return term.weights.matrix(what)
    if term.weights is not None:
        return term.weights
    if size * size > IDENTITY_LIMIT:
        raise InputError(f"{what}: {size} values that lead to it as they are, without "
                         f"weights, are too many; a matrix may have {IDENTITY_LIMIT} elements")
    return np.eye(size)


def behind(what: str, made: Windowed, before: Linear, bias: Reals, shape: Shape) -> Linear:
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
            terms += times(what, made.matrix(what), alone).terms
        else:
            terms.append(Term(term.source, joined))
    if before.bias.any():
        from sterna.golden.windows import windowed  # and with it PyTorch

        bias = bias + windowed(made.window, before.bias[None], made.weights)[0]
    return Linear(tuple(terms), np.broadcast_to(bias, (prod(shape),)).copy(), shape)


def times(what: str, matrix: Reals, before: Linear) -> Linear:
    """A matrix [targets, sources] behind what comes before it. Raises `InputError`."""
    if matrix.shape[1] != before.bias.size:
        raise InputError(misfit(what, "weight", matrix.shape, before.shape, matrix.shape[1]))
    terms = []
    for term in before.terms:
        if isinstance(term.weights, Windowed):
            joined = term.weights.flat(matrix)
            weights = matrix @ term.weights.matrix(what) if joined is None else joined
            terms.append(Term(term.source, weights))
            continue
        delays = term.delays
        if delays is not None and (delays == delays[:1]).all():
            delays = np.repeat(delays[:1], matrix.shape[0], 0)
        elif delays is not None and ((matrix != 0).sum(1) <= 1).all():
            delays = delays[np.abs(matrix).argmax(1)]
        elif delays is not None:
            raise InputError(
                f"{what}: mixes values of different delays; put the Delay before the weights")
        weights = matrix if term.weights is None else matrix @ term.weights
        terms.append(Term(term.source, weights, delays))
    return Linear(tuple(terms), matrix @ before.bias, (matrix.shape[0],))


def scaled(what: str, scale: Reals, before: Linear) -> Linear:
    """A factor for each value of what comes before it. Raises `InputError`."""
    terms = []
    for term in before.terms:
        window = _window_of(term, before.shape)
        weights = None if window is None else window.scaled(scale)
        if weights is None:
            weights = written_out(what, term, scale.size) * scale[:, None]
        terms.append(Term(term.source, weights, term.delays))
    return Linear(tuple(terms), before.bias * scale, before.shape)


def joined(what: str, parts: Sequence[Linear]) -> Linear:
    """Values one behind the other, written out. Raises `InputError`, for delays too."""
    sizes = [part.bias.size for part in parts]
    total, ends = sum(sizes), np.cumsum(sizes)
    terms: dict[str, Reals] = {}
    for part, size, end in zip(parts, sizes, ends, strict=True):
        for term in part.terms:
            if term.delays is not None:
                raise InputError(f"{what}: joins values of which some have delays; put neurons "
                                 "before it")
            weights = written_out(what, term, size)
            whole = terms.setdefault(term.source, np.zeros((total, weights.shape[1])))
            whole[end - size:end] += weights
    return Linear(tuple(Term(source, weights) for source, weights in terms.items()),
                  np.concatenate([part.bias for part in parts]), (total,))
