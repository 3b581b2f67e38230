"""What a pass over a matrix state means, in exact integers: see `sterna.law.matrix_state`."""

from __future__ import annotations

import torch
from torch import Tensor

from sterna.golden.arithmetic import rounded, shift_by
from sterna.golden.place import Place
from sterna.golden.run import Run, Step
from sterna.golden.state import own_name
from sterna.program.matrix_state import MatrixState, StateFormat

Exact = tuple[Tensor, int]
"""Integers, and of how many bits they are rounded."""


def matrix_state(place: Place, item: MatrixState) -> Step:
    """One pass; the observer is told of the result (0) and of the new cells (1)."""
    own, shape, limit = own_name(place.key(item.state)), item.format, place.limit
    decay = None if item.decay is None else place.vector(item.decay)
    products = [(place.vector(a), place.vector(b)) for a, b in item.products]
    told_cells = place.told(1, item.state)

    def rows(run: Run, name: str) -> Tensor:
        return run.vectors[name].reshape(place.streams, shape.heads, -1, 1)

    def columns(run: Run, name: str) -> Tensor:
        return run.vectors[name].reshape(place.streams, shape.heads, 1, -1)

    def update(run: Run, cells: Tensor) -> Exact:
        if decay is None and not products:
            return cells, 0
        added = torch.zeros_like(cells)
        for a, b in products:
            added += rows(run, a) * columns(run, b)
        return exact(shape, cells, None if decay is None else rows(run, decay), added)

    def read(run: Run, cells: Tensor) -> int:
        if item.read is None or item.result is None:
            return 0
        by_rows = item.by == "rows"
        factors = (rows if by_rows else columns)(run, place.vector(item.read))
        value = (factors * cells).sum(2 if by_rows else 3).reshape(place.streams, -1)
        told, total = place.told(0, item.result), value
        value, clipped = _clip(_rounded(total, shape.read_shift), limit)
        run.vectors[place.vector(item.result)] = value
        run.produced(told, value)
        if run.ranges is not None:
            run.ranges.see(told, value, limit, rounded(total, shape.read_shift), clipped)
        return clipped

    def compute(run: Run) -> None:
        before = run.matrices[own].reshape(
            place.streams, shape.heads, shape.rows, shape.columns)
        total, bits = update(run, before)
        cells, clipped = _clip(_rounded(total, bits), limit)
        if run.ranges is not None:
            run.ranges.see(told_cells, cells, limit, rounded(total, bits), clipped)
        clipped += read(run, cells)
        run.saturated[item.state] = run.saturated.get(item.state, 0) + clipped
        flat = cells.reshape(place.streams, -1)
        if item.store:
            run.matrices[own] = flat
        run.produced(told_cells, flat)

    return compute


def exact(shape: StateFormat, cells: Tensor, loss: Tensor | None, added: Tensor) -> Exact:
    """Cells [streams, heads, rows, columns] after a pass, before rounding and saturation."""
    most = max(shape.decay_fraction, shape.product_shift)
    total = cells << most
    if loss is not None:
        total = total - (cells * loss << most - shape.decay_fraction)
    return total + (added << most - shape.product_shift), most


def _rounded(value: Tensor, bits: int) -> Tensor:
    shift = shift_by(torch.tensor(bits))
    return (value + shift.half) >> shift.bits


def _clip(value: Tensor, limit: int) -> tuple[Tensor, int]:
    """The value saturated, and how many of its numbers were."""
    clipped = value.clamp(-limit, limit)
    return clipped, int((clipped != value).sum())
