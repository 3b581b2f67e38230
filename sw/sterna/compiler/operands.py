"""What the items of a program read and write, and whether the vector unit can do it."""

from __future__ import annotations

from sterna.errors import InputError
from sterna.program.definition import Program
from sterna.program.instructions import (
    Element,
    Item,
    Kernel,
    Lookup,
    Quantise,
    Scalar,
    ScalarOperation,
    Section,
    TopK,
    Vector,
)
from sterna.program.validate import validate_program

INPUT = "input"
Operation = Element | Lookup


def accumulator_names(kernel: Kernel) -> tuple[str, ...]:
    """Accumulator streams of the kernel in the order in which its body reads them."""
    names = {matmul.result for matmul in kernel.matmuls}
    return tuple(operation.a for operation in kernel.body if operation.a in names)


def port_b(operation: Operation) -> str | None:
    """The vector read at the second port of the vector memory: factor, addend or both."""
    if isinstance(operation, Lookup):
        return None
    if isinstance(operation.multiplier, Vector):
        return operation.multiplier.name
    return operation.addend


def vectors_read(item: Item) -> tuple[str, ...]:
    """Vectors in memory that the item reads, without those that it wrote itself before."""
    if isinstance(item, Quantise):
        return (item.a,)
    if not isinstance(item, Kernel):
        return ()
    elsewhere = {INPUT, *(matmul.result for matmul in item.matmuls)}
    written: set[str] = set()
    read: dict[str, None] = {}
    for operation in item.body:
        for name in (operation.a, port_b(operation)):
            if name is not None and name not in elsewhere and name not in written:
                read[name] = None
        if operation.result is not None:
            written.add(operation.result)
    return tuple(read)


def vectors_written(item: Item) -> tuple[str, ...]:
    """Vectors that the item writes to memory."""
    if not isinstance(item, Kernel):
        return ()
    return tuple(dict.fromkeys(
        operation.result for operation in item.body if operation.result is not None
    ))


def scalars_read(item: Item) -> tuple[str, ...]:
    """Scalar registers that the item reads."""
    if isinstance(item, Quantise | TopK):
        return (item.scale,)
    if isinstance(item, ScalarOperation):
        if item.operation in ("absmax", "squares", "constant"):
            return ()
        return item.operands
    return tuple(
        operation.multiplier.name for operation in item.body
        if isinstance(operation, Element) and isinstance(operation.multiplier, Scalar)
    )


def reductions(item: Item, kind: str) -> tuple[str, ...]:
    """Reductions of the kind (``absmax`` or ``squares``) that the item's results enter."""
    if not isinstance(item, Kernel):
        return ()
    names = (getattr(operation, kind, None) for operation in item.body)
    return tuple(dict.fromkeys(name for name in names if name is not None))


def check_program(program: Program) -> None:
    """Raise `InputError` for what is no program, and for what this design cannot execute."""
    validate_program(program)
    inputs = 0
    for section in program.sections:
        made = [item.result for item in section.items if isinstance(item, Quantise)]
        if len(made) != len(set(made)):
            raise InputError(f"section {section.name}: the name of some codes is used twice")
        for item in section.items:
            if isinstance(item, Kernel):
                inputs += _check_kernel(section, item)
    if inputs > 1:
        raise InputError(
            f"program {program.name}: {inputs} operations read the input, which is there only once"
        )


def _check_kernel(section: Section, kernel: Kernel) -> int:
    """Check one kernel; returns how many of its operations read the input."""
    where = f"section {section.name}, kernel {kernel.name}"
    if len({matmul.codes for matmul in kernel.matmuls}) > 1:
        raise InputError(f"{where}: its matmuls must share one vector of codes; use two kernels")
    inputs = sum(operation.a == INPUT for operation in kernel.body)
    if inputs and (kernel.matmuls or section.repeat > 1):
        raise InputError(f"{where}: the input needs a kernel without matmul or repetition")
    return inputs
