"""What the items of a program read and write, and whether the vector unit can do it."""

from __future__ import annotations

from sterna.errors import InputError
from sterna.program.arithmetic import MAX_SHIFT, SHIFT_STEP
from sterna.program.definition import Program
from sterna.program.instructions import (
    Constant,
    Element,
    Item,
    Kernel,
    Lookup,
    Quantise,
    Scalar,
    ScalarOperation,
    Section,
    TopK,
    Unit,
    Vector,
)

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
    """Raise `InputError` for what no accelerator of this design can execute."""
    inputs = 0
    for section in program.sections:
        if section.repeat < 1 or not section.items:
            raise InputError(f"section {section.name}: needs items and at least one repetition")
        lengths = {
            item.result: item.length for item in section.items if isinstance(item, Quantise)
        }
        for item in section.items:
            if isinstance(item, Kernel):
                inputs += _check_kernel(program, section, item, lengths)
            elif isinstance(item, Quantise):
                _check_length(program, section, item.a, item.length)
            elif isinstance(item, TopK):
                _check_matrix(program, section, item.matmul.matrix, item.rows,
                              lengths.get(item.matmul.codes))
                if section.repeat != 1 or item.rows != program.rows:
                    raise InputError(
                        f"section {section.name}: the head needs one repetition and the "
                        f"{program.rows} rows of the vocabulary"
                    )
    heads = sum(isinstance(i, TopK) for section in program.sections for i in section.items)
    if heads != 1 or inputs != 1:
        raise InputError(
            f"program {program.name}: needs one head and one operation on the input, "
            f"not {heads} and {inputs}"
        )


def _check_length(program: Program, section: Section, name: str, length: int) -> None:
    if name not in program.vectors:
        raise InputError(f"section {section.name}: vector {name} is not declared")
    if program.vectors[name].length != length:
        raise InputError(
            f"section {section.name}: vector {name} has {program.vectors[name].length} elements, "
            f"its use needs {length}"
        )


def _check_matrix(
    program: Program, section: Section, matrix: str, rows: int, columns: int | None
) -> None:
    shape = program.matrices.get((section.name, matrix))
    if columns is None:
        raise InputError(f"section {section.name}: matrix {matrix} has no codes to multiply")
    if shape != (rows, columns):
        raise InputError(
            f"section {section.name}: matrix {matrix} is {shape}, its use needs {(rows, columns)}"
        )


def _check_kernel(
    program: Program, section: Section, kernel: Kernel, lengths: dict[str, int]
) -> int:
    """Check one kernel; returns how many of its operations read the input."""
    where = f"section {section.name}, kernel {kernel.name}"
    accumulators = {matmul.result for matmul in kernel.matmuls}
    if len({matmul.codes for matmul in kernel.matmuls}) > 1:
        raise InputError(f"{where}: its matmuls must share one vector of codes; use two kernels")
    for matmul in kernel.matmuls:
        _check_matrix(program, section, matmul.matrix, kernel.length, lengths.get(matmul.codes))
    if sorted(accumulator_names(kernel)) != sorted(accumulators):
        raise InputError(f"{where}: each accumulator stream must be read exactly once")
    inputs = 0
    for operation in kernel.body:
        for name in (operation.a, port_b(operation), operation.result):
            if name == INPUT and name == operation.a:
                inputs += 1
                if kernel.matmuls or section.repeat != 1 or kernel.length != program.input_length:
                    raise InputError(
                        f"{where}: the input needs a kernel of its {program.input_length} "
                        "elements, without matmul or repetition"
                    )
            elif name in accumulators and name != operation.a:
                raise InputError(f"{where}: accumulators {name} can only be the first factor")
            elif name is not None and name not in accumulators:
                _check_length(program, section, name, kernel.length)
        if isinstance(operation, Element):
            _check_element(where, operation)
        elif operation.table not in program.tables:
            raise InputError(f"{where}: table {operation.table} is not declared")
    return inputs


def _check_element(where: str, operation: Element) -> None:
    multiplier = operation.multiplier
    if operation.shift % SHIFT_STEP or not 0 <= operation.shift <= MAX_SHIFT:
        raise InputError(
            f"{where}: the shift of '{operation}' must be a multiple of {SHIFT_STEP} up to "
            f"{MAX_SHIFT}"
        )
    if operation.addend is not None and port_b(operation) != operation.addend:
        raise InputError(
            f"{where}: '{operation}' reads three vectors, the memory has two read ports; split it"
        )
    if not isinstance(multiplier, Scalar | Constant | Vector | Unit):
        raise InputError(f"{where}: '{operation}' has no known multiplier")
