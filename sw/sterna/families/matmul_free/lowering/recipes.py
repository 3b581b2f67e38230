"""Sequences of items that every norm and every ternary layer needs."""

from __future__ import annotations

from sterna.program.instructions import (
    Constant,
    Element,
    Item,
    Kernel,
    Lookup,
    Matmul,
    Quantise,
    ScalarOperation,
)


def code_items(name: str, length: int) -> list[Item]:
    """From the absolute maximum of a vector to its codes, which have the name of the matrix."""
    return [
        ScalarOperation(result=f"{name}_absmax", operation="absmax", operands=(name,)),
        ScalarOperation(
            result=f"{name}_scale", operation="code_scale", operands=(f"{name}_absmax",)
        ),
        Quantise(result=name, a=f"{name}_source", length=length, scale=f"{name}_scale"),
    ]


def rsqrt_items(squares: str) -> list[Item]:
    """``squares_rsqrt = rsqrt(squares)``."""
    return [
        ScalarOperation(result=f"{squares}_sum", operation="squares", operands=(squares,)),
        ScalarOperation(
            result=f"{squares}_rsqrt", operation="rsqrt", operands=(f"{squares}_sum",)
        ),
    ]


def epsilon_items(squares: str, constant: str, factor: str | None) -> list[Item]:
    """``squares_rsqrt = rsqrt(sum + constant [* factor])``."""
    total, epsilon = f"{squares}_sum", constant
    items: list[Item] = [
        ScalarOperation(result=total, operation="squares", operands=(squares,)),
        ScalarOperation(result=constant, operation="constant", operands=(constant,)),
    ]
    if factor is not None:
        epsilon = f"{constant}_sum"
        items.append(
            ScalarOperation(result=epsilon, operation="multiply", operands=(constant, factor))
        )
    with_epsilon = f"{squares}_total"
    items += [
        ScalarOperation(result=with_epsilon, operation="add", operands=(total, epsilon)),
        ScalarOperation(result=f"{squares}_rsqrt", operation="rsqrt", operands=(with_epsilon,)),
    ]
    return items


def factor_items(result: str, absmax: str, rsqrt: str, constant: str) -> list[Item]:
    """``result = absmax * rsqrt * constant``."""
    return [
        ScalarOperation(result=f"{result}_norm", operation="multiply", operands=(absmax, rsqrt)),
        ScalarOperation(result=constant, operation="constant", operands=(constant,)),
        ScalarOperation(
            result=result, operation="multiply", operands=(f"{result}_norm", constant)
        ),
    ]


def gained(shift: int, result: str | None, a: str, gain: str, **reduction: str) -> Element:
    """``result = a * gain``, which may enter a reduction."""
    return Element(result=result, a=a, multiplier=Constant(gain), shift=shift, **reduction)


def matmul_kernel(
    name: str, length: int, body: list[Element | Lookup], *results: str
) -> Kernel:
    """A kernel on the accumulators of matrices that have the same codes, the first's."""
    matmuls = tuple(
        Matmul(result=f"{matrix}_sums", codes=name, matrix=matrix) for matrix in results
    )
    return Kernel(name=name, length=length, body=tuple(body), matmuls=matmuls)
