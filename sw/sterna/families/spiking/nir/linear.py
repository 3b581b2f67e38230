"""Linear nodes of a NIR graph."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from sterna.errors import InputError
from sterna.families.spiking.linear import Linear, Term, behind, scaled, times, written_out
from sterna.families.spiking.shapes import Shape, spread, told_axes
from sterna.families.spiking.windows import WINDOWS, window
from sterna.program.declarations import MAX_DELAY

_WHOLE = 1e-3
"""Of a step, by which single precision may miss a whole delay."""


def apply(name: str, node: Any, before: Linear, dt: float) -> Linear:
    """The linear node after what comes before it. Raises `InputError` when it cannot be lowered."""
    kind, what = type(node).__name__, f"node {name}"
    if kind in ("Input", "Output"):
        _check_port(what, kind, node, before.shape)
        return before
    if kind == "Flatten":
        return _flatten(what, node, before)
    if kind == "Delay":
        return _delay(what, node, before, dt)
    if kind == "Scale":
        return scaled(what, spread(what, "scale", node.scale, before.shape), before)
    if kind in ("Linear", "Affine"):
        result = times(what, np.asarray(node.weight, np.float64), before)
        bias = spread(what, "bias", node.bias, result.shape) if kind == "Affine" else 0.0
        return Linear(result.terms, result.bias + bias, result.shape)
    if kind in WINDOWS:
        made, bias, shape = window(what, kind, node, before.shape)
        return behind(what, made, before, bias, shape)
    raise InputError(
        f"{what}: {kind} is not supported; supported are Affine, Linear, Scale, Flatten, "
        "Delay, Conv1d, Conv2d, SumPool2d, AvgPool2d, LIF, CubaLIF, LI, CubaLI, I, IF and Threshold"
    )


def _check_port(what: str, kind: str, node: Any, shape: Shape) -> None:
    types = node.input_type["input"] if kind == "Input" else node.output_type["output"]
    declared = tuple(int(size) for size in types)
    if prod(declared) != prod(shape):
        raise InputError(
            f"{what}: has shape {list(declared)}, but what leads to it has {list(shape)}"
            + (told_axes(declared, prod(shape)) or told_axes(shape, prod(declared))))


def _flatten(what: str, node: Any, before: Linear) -> Linear:
    """Elements keep their order, so that only a later convolution would ask for the shape."""
    given = (node.input_type or {}).get("input")
    if given is not None and prod(int(size) for size in given) != prod(before.shape):
        raise InputError(f"{what}: its input_type is {[int(size) for size in given]}, but "
                         f"values of shape {list(before.shape)} lead to it"
                         + told_axes(before.shape, prod(int(size) for size in given)))
    axes = len(before.shape) + 1 if given is None else len(given)
    for field in ("start_dim", "end_dim"):
        axis = int(getattr(node, field))
        if not -axes <= axis <= axes:
            raise InputError(f"{what}: {field} is {axis}, but values of shape "
                             f"{list(before.shape)} lead to it")
    return Linear(before.terms, before.bias, (prod(before.shape),))


def _delay(what: str, node: Any, before: Linear, dt: float) -> Linear:
    if before.bias.any():
        raise InputError(f"{what}: delays a bias; put the Delay before the weights")
    exact = spread(what, "delay", node.delay, before.shape) / dt
    if (np.abs(exact - np.rint(exact)) > _WHOLE).any():
        worst = exact[np.abs(exact - np.rint(exact)).argmax()]
        raise InputError(f"{what}: a delay of {worst:.4g} steps of {dt:g} s; it must be "
                         "whole steps, see --dt")
    steps = np.rint(np.minimum(exact, 2.0**31)).astype(np.int64)
    if not steps.any():
        return before
    terms = []
    for term in before.terms:
        weights = written_out(what, term, steps.size)
        late = np.zeros(weights.shape, np.int64) if term.delays is None else term.delays
        terms.append(Term(term.source, weights, late + steps[:, None]))
    if steps.min() < 0 or max(int(term.delays.max()) for term in terms) > MAX_DELAY:
        raise InputError(
            f"{what}: delays of {steps.min()} to {steps.max()} steps of {dt:g} s; "
            f"possible are 0 to {MAX_DELAY} in all, see --dt"
        )
    return Linear(tuple(terms), before.bias, before.shape)
