"""What the operations on words mean: kernels, quantisation, scalars and the head."""

from __future__ import annotations

import torch
from torch import Tensor

from sterna.golden import arithmetic, scalars
from sterna.golden.run import Run
from sterna.program.instructions import (
    Constant,
    Element,
    Kernel,
    Lookup,
    Matmul,
    Multiplier,
    Quantise,
    Scalar,
    ScalarOperation,
    TopK,
    Unit,
)

_ARITHMETIC = {"multiply": scalars.multiply, "add": scalars.add,
               "code_scale": scalars.code_scale, "rsqrt": scalars.rsqrt}


def kernel(run: Run, item: Kernel) -> None:
    """Products with codes, then element operations in order."""
    for index, product in enumerate(item.matmuls):
        accumulators = _matmul(run, product)
        run.produced(-1 - index, product.result, accumulators)
        run.local[product.result] = arithmetic.saturate(accumulators, run.word_bits)
    for index, operation in enumerate(item.body):
        a = run.read(operation.a)
        if isinstance(operation, Lookup):
            result = arithmetic.lookup(run.parameters.tables[operation.table], a, run.word_bits)
        else:
            multiplier, shift = _multiplier(run, operation.multiplier, operation.shift)
            addend = None if operation.addend is None else run.read(operation.addend)
            result = arithmetic.element(a, multiplier, shift, addend, run.word_bits)
            _reduce(run, operation, result)
        if operation.result is not None:
            run.write(operation.result, result)
        run.produced(index, operation.result or "_", result)


def quantise(run: Run, item: Quantise) -> None:
    """Codes of a vector."""
    multiplier, shift = _scalar_multiplier(run, Scalar(item.scale))
    result = arithmetic.codes(run.read(item.a), multiplier, shift)
    run.write_codes(item.result, result)
    run.produced(0, item.result, result)


def scalar_operation(run: Run, item: ScalarOperation) -> None:
    """A scalar of a reduction, a parameter or other scalars."""
    name = item.operands[0]
    if item.operation == "absmax":
        result = scalars.normalise(run.absmax.pop(name).numpy())
    elif item.operation == "squares":
        result = scalars.normalise(run.squares.pop(name).numpy())
    elif item.operation == "constant":
        result = run.parameters.scalar(run.key(name), run.streams)
    else:
        operands = (run.scalars[operand] for operand in item.operands)
        result = _ARITHMETIC[item.operation](*operands)
    run.scalars[item.result] = result
    run.produced(0, item.result, result)


def top_k(run: Run, item: TopK) -> None:
    """The logits, of which the result names the best."""
    accumulators = _matmul(run, item.matmul)
    run.produced(-1, item.matmul.result, accumulators)
    saturated = arithmetic.saturate(accumulators, run.word_bits)
    run.head = saturated[:, : item.rows], run.scalars[item.scale]


def _matmul(run: Run, product: Matmul) -> Tensor:
    return run.parameters.matrices.product(
        run.key(product.matrix), run.read_codes(product.codes))


def _reduce(run: Run, operation: Element, result: Tensor) -> None:
    if operation.absmax is not None:
        largest = result.abs().amax(1)
        before = run.absmax.get(operation.absmax)
        run.absmax[operation.absmax] = (
            largest if before is None else torch.maximum(largest, before))
    if operation.squares is not None:
        total = (result * result).sum(1)
        before = run.squares.get(operation.squares)
        run.squares[operation.squares] = total if before is None else total + before


def _multiplier(
    run: Run, multiplier: Multiplier, shift: int
) -> tuple[Tensor | int, int | Tensor]:
    if isinstance(multiplier, Unit):
        return multiplier.value, shift
    if isinstance(multiplier, Scalar):
        return _scalar_multiplier(run, multiplier)
    if isinstance(multiplier, Constant):
        return run.parameters.vector(run.key(multiplier.name)), shift
    return run.read(multiplier.name), shift


def _scalar_multiplier(run: Run, scalar: Scalar) -> tuple[Tensor | int, int | Tensor]:
    value, shift = scalars.as_multiplier(run.scalars[scalar.name], run.word_bits)
    value = -value if scalar.negative else value
    if run.streams == 1:
        return int(value[0]), int(shift[0])
    return torch.from_numpy(value).unsqueeze(1), torch.from_numpy(shift).unsqueeze(1)
