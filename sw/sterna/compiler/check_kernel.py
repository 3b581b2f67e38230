"""What the vector unit, the scalar unit and the head cannot do.

Accumulators and the input are streams, which are there once and in order; the vector memory has two
read ports; codes wait in banks, the oldest first; lengths are fields of instructions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.law.arithmetic import SQUARES_BITS
from sterna.machine.units.ternary import MOST_PLANES
from sterna.program.instructions import (
    INPUT,
    Element,
    Kernel,
    Matmul,
    Operation,
    Quantise,
    TopK,
    Vector,
    second_operand,
)
from sterna.program.items import Item

if TYPE_CHECKING:
    from sterna.compiler.check import Check


def check_nothing(check: Check, item: Item) -> None:
    """What means something can be executed."""


def check_kernel(check: Check, kernel: Kernel) -> None:
    """Its accumulators come in order, and its operands by the ports that there are."""
    if len(kernel.codes_read()) > 1:
        raise check.fail("its matmuls must share one vector of codes; use two kernels")
    if not kernel.matmuls:
        check.length(kernel.length)
    _part(check, kernel)
    planes = {(check.matrix(matmul).planes, matmul.shift) for matmul in kernel.matmuls}
    if len(planes) > 1:
        raise check.fail("its matrices must have the same planes and shift; use two kernels")
    for matmul in kernel.matmuls:
        check_planes(check, matmul)
    waiting = [matmul.result for matmul in kernel.matmuls]
    accumulators = frozenset(waiting)
    for operation in kernel.body:
        if operation.a in accumulators:
            if operation.a not in waiting:
                raise check.fail(f"accumulators {operation.a} are read twice")
            if operation.a != waiting[0]:
                raise check.fail(f"accumulators {waiting[0]} must be read before {operation.a}")
            waiting.pop(0)
        elif operation.a == INPUT:
            _input(check, kernel)
        _operands(check, operation, accumulators)
        if isinstance(operation, Element) and operation.squares is not None:
            _squares(check, kernel.length)
        if isinstance(operation, Element) and operation.sum and not check.machine.vector.sums:
            raise check.fail(f"the machine has no sums, which {operation.sum} is one of; set "
                             "vector_sums")
    if waiting:
        raise check.fail(f"accumulators {waiting[0]} are not read")
    check.first = False


def _part(check: Check, kernel: Kernel) -> None:
    lanes = check.machine.vector.lanes
    if kernel.first is not None and (kernel.first % lanes or kernel.length % lanes):
        raise check.fail(f"the {kernel.length} elements from {kernel.first} on are no whole groups "
                         f"of {lanes}; use fewer vector_lanes")


def check_top_k(check: Check, item: TopK) -> None:
    """The engine has so many planes, and the head takes words that have gains."""
    check_planes(check, item.matmul)
    if item.gain is not None and not check.machine.head.gains:
        raise check.fail(f"the head of the machine takes no words with the gain {item.gain}; set "
                         "head_gains")


def check_planes(check: Check, matmul: Matmul) -> None:
    """More than its most would need other gateware; what a fitted machine has, it takes."""
    planes = check.matrix(matmul).planes
    if planes > MOST_PLANES:
        raise check.fail(f"matrix {matmul.matrix} has {planes} planes; an engine takes "
                         f"{MOST_PLANES}")


def check_quantise(check: Check, item: Quantise) -> None:
    """There is a bank for its codes, and their vector is in the memory."""
    if item.a == INPUT:
        raise check.fail("makes codes of the input, which only a kernel can read; let one write a "
                         "vector of it")
    check.length(item.length)
    check.fill_bank(item.result)


def _input(check: Check, kernel: Kernel) -> None:
    check.inputs += 1
    if not check.first:
        raise check.fail("only the first kernel of the program reads the input")
    if kernel.matmuls or check.section.repeat > 1:
        raise check.fail("the input needs a kernel without matmul or repetition")


def _operands(check: Check, operation: Operation, accumulators: frozenset[str]) -> None:
    second = second_operand(operation)
    for name in (second, getattr(operation, "addend", None)):
        if name == INPUT or name in accumulators:
            raise check.fail(f"{name} can only be the first operand")
    if (isinstance(operation, Element) and isinstance(operation.multiplier, Vector)
            and operation.addend not in (None, second)):
        # Both come through the second read port of the vector memory.
        raise check.fail(
            f"operation on {operation.a} reads three vectors; two can be read at a time")


def _squares(check: Check, length: int) -> None:
    bits = check.program.word_bits
    if length * ((1 << (bits - 1)) - 1) ** 2 >= 1 << SQUARES_BITS:
        raise check.fail(
            f"{length} squares of {bits}-bit words exceed {SQUARES_BITS} bits")
