"""What the operations on words mean: kernels, quantisation, scalars and the head.

Each function looks up, once, what an item needs in its place, and gives what is done in a RUN.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

import torch
from torch import Tensor

from sterna.golden import arithmetic, scalars
from sterna.golden.arithmetic import SHIFTS, Shift, shift_by
from sterna.golden.place import Place
from sterna.golden.run import Run, Scalars, Step
from sterna.law.arithmetic import CODE_LIMIT
from sterna.law.planes import full, reach
from sterna.program.instructions import (
    Constant,
    Element,
    Kernel,
    Lookup,
    Matmul,
    Multiplier,
    Part,
    Quantise,
    Scalar,
    ScalarOperation,
    TopK,
    Unit,
)

Factor = Callable[[Run], tuple[Tensor | int, Shift]]
"""Gives multiplier and shift."""

_ARITHMETIC = {"multiply": scalars.multiply, "add": scalars.add,
               "code_scale": scalars.code_scale, "rsqrt": scalars.rsqrt}


def kernel(place: Place, item: Kernel) -> Step:
    """Products with codes, then element operations in order."""
    steps = [
        *(_product(place, -1 - index, product) for index, product in enumerate(item.matmuls)),
        *(_lookup(place, index, operation) if isinstance(operation, Lookup)
          else _element(place, index, operation) for index, operation in enumerate(item.body))]

    def compute(run: Run) -> None:
        for step in steps:
            step(run)

    return compute


def part(place: Place, item: Part) -> Step:
    """Element operations on some elements of vectors; the others stay as they are."""
    computed, stop = kernel(place, item), item.first + item.length
    written = {place.vector(name) for name in item.vectors_written()}
    touched = {place.vector(name) for name in item.vectors_read()} | written

    def compute(run: Run) -> None:
        whole = {name: run.vectors[name] for name in touched}
        run.vectors.update({name: value[:, item.first:stop] for name, value in whole.items()})
        computed(run)
        for name, value in whole.items():
            if name in written:
                value = torch.cat([
                    value[:, :item.first], run.vectors[name], value[:, stop:]], 1)
            run.vectors[name] = value

    return compute


def quantise(place: Place, item: Quantise) -> Step:
    """Codes of a vector."""
    a, result, told = place.vector(item.a), place.codes(item.result), place.told(0, item.result)
    factor = _scalar_factor(place, Scalar(item.scale))

    def compute(run: Run) -> None:
        taken = run.vectors[a], *factor(run)
        value = arithmetic.codes(*taken)
        run.write_codes(result, value)
        if run.ranges is not None:
            run.ranges.see(told, value, CODE_LIMIT, *arithmetic.lost(*taken, None, CODE_LIMIT))
        run.produced(told, value)

    return compute


def scalar_operation(place: Place, item: ScalarOperation) -> Step:
    """A scalar of a reduction, a parameter or other scalars."""
    name, told = item.result, place.told(0, item.result)
    function = _scalar(place, item)

    def compute(run: Run) -> None:
        value = run.scalars[name] = function(run)
        run.produced(told, value)
        if run.ranges is not None:
            run.ranges.see_scalars(told, value)

    return compute


def top_k(place: Place, item: TopK) -> Step:
    """The logits, of which the result names the best."""
    product, logits = _product(place, -1, item.matmul), place.vector(item.matmul.result)
    gained = [_gain(place, operation, logits) for operation in item.body]

    def compute(run: Run) -> None:
        product(run)
        for step in gained:
            step(run)
        run.head = run.vectors[logits][:, :item.rows], run.scalars[item.scale]

    return compute


def _gain(place: Place, operation: Element, logits: str) -> Step:
    """Logits become what is compared of them."""
    factor, told = _factor(place, operation.multiplier, operation.shift), place.told(0, "_")

    def compute(run: Run) -> None:
        taken = run.vectors[logits], *factor(run), None, place.limit
        value = run.vectors[logits] = arithmetic.element(*taken)
        run.produced(told, value)
        if run.ranges is not None:
            run.ranges.see(told, value, place.limit, *arithmetic.lost(*taken))

    return compute


def _product(place: Place, operation: int, item: Matmul) -> Step:
    """Accumulators, which only the observer sees before they are saturated."""
    codes, result = place.codes(item.codes), place.vector(item.result)
    told, key, limit = place.told(operation, item.result), place.key(item.matrix), place.limit
    matrices = place.parameters.matrices
    matrix, (bits, half) = place.program.matrix(place.section, item.matrix), SHIFTS[item.shift]
    fits = reach(full(matrix.columns, matrix.planes)) <= limit

    def compute(run: Run) -> None:
        accumulators = matrices.product(key, run.codes[codes][0])
        run.produced(told, accumulators)
        delivered = (accumulators + half) >> bits if item.shift else accumulators
        run.vectors[result] = delivered if fits else delivered.clamp(-limit, limit)
        if run.ranges is not None:
            run.ranges.see(
                told, accumulators, limit << int(bits), arithmetic.rounded(accumulators, bits),
                int((delivered.abs() > limit).sum()))

    return compute


def _lookup(place: Place, index: int, operation: Lookup) -> Step:
    a, result = place.vector(operation.a), place.vector(operation.result)
    table, told = place.parameters.tables[operation.table], place.told(index, operation.result)
    broken: list[torch.Tensor] = []

    def losses(words: torch.Tensor) -> list[int]:
        if not broken:  # Only where ranges are asked for: as long as the table's values.
            broken.extend(arithmetic.lookup_losses(
                place.program.tables[operation.table], place.program.word_bits))
        return [int(torch.take(lost, words).sum()) for lost in broken]

    def compute(run: Run) -> None:
        words = run.vectors[a]
        value = run.vectors[result] = arithmetic.lookup(table, words)
        run.produced(told, value)
        if run.ranges is not None:
            run.ranges.see(told, value, place.limit, *losses(words))

    return compute


def _element(place: Place, index: int, operation: Element) -> Step:
    name = operation.result or "_"
    a, result, told = place.vector(operation.a), place.vector(name), place.told(index, name)
    addend = None if operation.addend is None else place.vector(operation.addend)
    factor, limit = _factor(place, operation.multiplier, operation.shift), place.limit
    absmax, squares, total = operation.absmax, operation.squares, operation.sum

    def compute(run: Run) -> None:
        multiplier, shift = factor(run)
        added = None if addend is None else run.vectors[addend]
        taken = run.vectors[a], multiplier, shift, added, limit
        value = arithmetic.element(*taken)
        run.vectors[result] = value
        run.produced(told, value)
        if run.ranges is not None:
            run.ranges.see(told, value, limit, *arithmetic.lost(*taken))
        if absmax is not None:
            _enter(run.absmax, absmax, arithmetic.absmax(value), max)
        if squares is not None:
            _enter(run.squares, squares, arithmetic.squares(value), operator.add)
        if total is not None:
            _enter(run.sums, total, arithmetic.sums(value), operator.add)

    return compute


def _enter(reductions: dict[str, list[int]], name: str, found: list[int],
           together: Callable[[int, int], int]) -> None:
    """What was found in one more vector enters a reduction, in every stream."""
    before = reductions.get(name)
    reductions[name] = found if before is None else list(map(together, before, found))


def _scalar(place: Place, item: ScalarOperation) -> Callable[[Run], Scalars]:
    first, *others = item.operands
    if item.operation == "absmax":
        return lambda run: tuple(map(scalars.normalise, run.absmax.pop(first)))
    if item.operation == "squares":
        return lambda run: tuple(map(scalars.normalise, run.squares.pop(first)))
    if item.operation == "sum":
        return lambda run: tuple(map(scalars.normalise_signed, run.sums.pop(first)))
    if item.operation == "constant":
        constant = (place.parameters.scalar(place.key(first)),) * place.streams
        return lambda run: constant
    function = _ARITHMETIC[item.operation]
    if not others:
        return lambda run: tuple(map(function, run.scalars[first]))
    second, = others
    return lambda run: tuple(map(function, run.scalars[first], run.scalars[second]))


def _factor(place: Place, multiplier: Multiplier, shift: int) -> Factor:
    if isinstance(multiplier, Scalar):
        return _scalar_factor(place, multiplier)
    fixed = SHIFTS[shift]
    if isinstance(multiplier, Unit):
        unit = int(multiplier.value), fixed
        return lambda run: unit
    if isinstance(multiplier, Constant):
        constant = place.parameters.vector(place.key(multiplier.name)), fixed
        return lambda run: constant
    vector = place.vector(multiplier.name)
    return lambda run: (run.vectors[vector], fixed)


def _scalar_factor(place: Place, scalar: Scalar) -> Factor:
    name, sign = scalar.name, -1 if scalar.negative else 1
    word_bits = place.program.word_bits

    def one(run: Run) -> tuple[int, Shift]:
        multiplier, shift = scalars.as_multiplier(run.scalars[name][0], word_bits)
        return sign * multiplier, SHIFTS[shift]

    def several(run: Run) -> tuple[Tensor, Shift]:
        found = [scalars.as_multiplier(value, word_bits) for value in run.scalars[name]]
        multipliers, shifts = torch.tensor(found).unsqueeze(2).unbind(1)
        return sign * multipliers, shift_by(shifts)

    return one if place.streams == 1 else several
