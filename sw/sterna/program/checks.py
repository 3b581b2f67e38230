"""What must hold for each operation to mean something."""

from __future__ import annotations

from sterna.law.arithmetic import MAX_DELIVERY_SHIFT, MAX_SHIFT, SHIFT_STEP
from sterna.program.definition import CodeFormat, MatrixFormat
from sterna.program.instructions import (
    INPUT,
    REDUCTIONS,
    Constant,
    Element,
    Kernel,
    Lookup,
    Matmul,
    Quantise,
    Scalar,
    ScalarOperation,
    TopK,
    Vector,
)
from sterna.program.neurons import (
    MOST_WEIGHT_BITS,
    Neurons,
    Products,
    Synapses,
    code_limit,
    weight_bits,
)
from sterna.program.scope import Scope

_OPERANDS = {"constant": 1, "code_scale": 1, "rsqrt": 1, "multiply": 2, "add": 2}


def check_kernel(scope: Scope, kernel: Kernel) -> None:
    """Operands are known and of the kernel's length, shifts and tables exist."""
    accumulators = {matmul.result for matmul in kernel.matmuls}
    first = kernel.first
    if first is not None and (kernel.matmuls or INPUT in {item.a for item in kernel.body}):
        raise scope.fail("a part of vectors takes neither products nor the input")
    for matmul in kernel.matmuls:
        if matmul.result in scope.program.vectors:
            raise scope.fail(f"accumulators {matmul.result} have the name of a vector")
        _matmul(scope, matmul, kernel.length)
    for operation in kernel.body:
        _operand(scope, operation.a, kernel, accumulators)
        if isinstance(operation, Lookup):
            if operation.table not in scope.program.tables:
                raise scope.fail(f"table {operation.table} is not declared")
        else:
            _element(scope, operation, kernel, accumulators)
        if operation.result is not None:
            scope.write_vector(operation.result, kernel.length, first)


def _operand(scope: Scope, name: str, kernel: Kernel, accumulators: set[str]) -> None:
    if name not in accumulators:
        scope.read_vector(name, kernel.length, kernel.first)


def _element(scope: Scope, operation: Element, kernel: Kernel, accumulators: set[str]) -> None:
    multiplier, shift = operation.multiplier, operation.shift
    _shift(scope, shift)
    if isinstance(multiplier, Scalar):
        if shift:
            raise scope.fail("an operation with a scalar has the scalar's shift, not its own")
        scope.read_scalar(multiplier.name, signed=True)
    elif isinstance(multiplier, Vector):
        _operand(scope, multiplier.name, kernel, accumulators)
    elif not isinstance(multiplier, Constant) and multiplier.value not in (-1, 0, 1):
        raise scope.fail(f"the unit multiplier is {multiplier.value}, not -1, 0 or 1")
    if operation.addend is not None:
        _operand(scope, operation.addend, kernel, accumulators)
    if operation.result is None and not operation.reductions():
        raise scope.fail(f"operation on {operation.a} has no effect")
    if operation.squares is not None and operation.sum is not None:
        raise scope.fail(f"operation on {operation.a} enters squares and a sum; use two")
    scope.reductions.fill(operation)


def _shift(scope: Scope, shift: int) -> None:
    if shift % SHIFT_STEP or not 0 <= shift <= MAX_SHIFT:
        raise scope.fail(f"shift {shift} is not a multiple of {SHIFT_STEP} from 0 to {MAX_SHIFT}")


def _matmul(scope: Scope, matmul: Matmul, rows: int) -> None:
    matrix, shift = scope.matrix(matmul.matrix), matmul.shift
    wanted = MatrixFormat(rows, scope.read_codes(matmul.codes).length, matrix.planes)
    if matrix != wanted:
        raise scope.fail(f"matrix {matmul.matrix} is {_told(matrix)}, not {_told(wanted)}")
    if shift % SHIFT_STEP or not 0 <= shift <= MAX_DELIVERY_SHIFT:
        raise scope.fail(f"sums of {matmul.matrix} are shifted by {shift}, not by a multiple of "
                         f"{SHIFT_STEP} from 0 to {MAX_DELIVERY_SHIFT}")
    if shift and matrix.planes == 1:
        raise scope.fail(f"sums of {matmul.matrix} are shifted by {shift}; those of a matrix of "
                         "one plane are delivered as they are")


def _told(matrix: MatrixFormat) -> str:
    text = f"[{matrix.rows}, {matrix.columns}]"
    if matrix.planes > 1:
        text += f" of {matrix.planes} planes"
    if matrix.window:
        text += " as a window"
    return text + (f" with delays to {matrix.delay}" if matrix.delay else "")


def check_quantise(scope: Scope, item: Quantise) -> None:
    """The vector and its scale are known."""
    scope.read_vector(item.a, item.length)
    scope.read_scalar(item.scale, scale=True, signed=True)
    scope.define_codes(item.result, CodeFormat(length=item.length))


def check_scalar_operation(scope: Scope, item: ScalarOperation) -> None:
    """The operation exists, and so do its operands."""
    signed = item.operation == "sum"
    if item.operation in REDUCTIONS:
        if len(item.operands) != 1:
            raise scope.fail(f"{item.operation} takes one operand")
        scope.reductions.take(item.operation, item.operands[0])
    else:
        wanted = _OPERANDS.get(item.operation)
        if wanted is None:
            raise scope.fail(f"unknown scalar operation {item.operation}")
        if len(item.operands) != wanted:
            raise scope.fail(
                f"{item.operation} takes {wanted} operands, not {len(item.operands)}")
        for operand in item.scalars_read():
            signed |= scope.read_scalar(operand, signed=item.operation == "multiply")
    scope.define_scalar(item.result, item.operation, signed=signed)


def check_top_k(scope: Scope, item: TopK) -> None:
    """There is one head, of the program's rows."""
    if scope.heads:
        raise scope.fail("a program has one top-k")
    if scope.section.repeat != 1:
        raise scope.fail("a top-k stands in a section that is not repeated")
    if item.rows != scope.program.rows:
        raise scope.fail(f"top-k of {item.rows} rows, the program has {scope.program.rows}")
    scope.heads += 1
    scope.read_scalar(item.scale)
    _matmul(scope, item.matmul, item.rows)
    _shift(scope, item.shift)
    if item.shift and item.gain is None:
        raise scope.fail(f"shift {item.shift} without a gain")


def check_neurons(scope: Scope, item: Neurons) -> None:
    """Sources are known and fit their matrices, and somebody takes the outputs."""
    scope.owns(f"population {item.name}")
    for synapses in item.synapses:
        _synapses(scope, synapses, item.length)
    for given in item.products:
        _product(scope, given, item.length)
    if item.current is not None:
        scope.read_vector(item.current, item.length)
        if item.definition.sum_bits < scope.program.word_bits:
            raise scope.fail(f"sums of {item.definition.sum_bits} bits do not hold a current of "
                             f"{scope.program.word_bits}-bit words; set sum_bits")
    if item.codes is None and item.result is None and item.weights is None:
        raise scope.fail("nothing takes the outputs of the neurons; name codes, weights or a "
                         "result")
    if item.weights is not None:
        if (bits := weight_bits(item.definition)) > MOST_WEIGHT_BITS:
            raise scope.fail(f"outputs of {bits} bits are weights; those have at most "
                             f"{MOST_WEIGHT_BITS}: give the membrane fewer bits")
        scope.weights[item.weights] = item.length
    if item.codes is not None:
        scope.define_codes(
            item.codes, CodeFormat(length=item.length, limit=code_limit(item.definition)))
    if item.result is not None:
        if scope.section.repeat != 1:
            raise scope.fail("a result comes from a section that is not repeated")
        if item.result in scope.results:
            raise scope.fail(f"two results {item.result}")
        scope.results.add(item.result)


def _product(scope: Scope, given: Products, neurons: int) -> None:
    """What it multiplies is there, and as many as it says."""
    product = given.product
    if given.weights not in scope.weights:
        raise scope.fail(f"weights {given.weights} are read before they are made")
    sizes = (("codes", scope.read_codes(given.codes).length, product.sources),
             ("weights", scope.weights[given.weights], product.weights),
             ("neurons", neurons, product.targets))
    for name, size, wanted in sizes:
        if size != wanted:
            raise scope.fail(f"a product of {product} takes {wanted} {name}, not {size}")


def _synapses(scope: Scope, synapses: Synapses, neurons: int) -> None:
    matrix = scope.matrix(synapses.matrix)
    first = int(synapses.previous)
    codes = scope.read_codes(synapses.codes, range(first, first + matrix.delay + 1))
    wanted = matrix._replace(rows=neurons, columns=codes.length)
    if matrix != wanted:
        raise scope.fail(f"matrix {synapses.matrix} is {_told(matrix)}, not {_told(wanted)}")
