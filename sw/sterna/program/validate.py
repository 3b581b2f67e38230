"""Checks that a program means something, on every machine."""

from __future__ import annotations

from sterna.errors import InputError
from sterna.law.arithmetic import (
    MAX_SHIFT,
    SCALAR_REGISTERS,
    SHIFT_STEP,
    SQUARES_BITS,
)
from sterna.program.declarations import check_declarations
from sterna.program.definition import Program
from sterna.program.instructions import (
    Constant,
    Element,
    Item,
    Kernel,
    Lookup,
    Matmul,
    Quantise,
    Scalar,
    ScalarOperation,
    Section,
    TopK,
    Vector,
)
from sterna.program.reductions import Reductions

CODE_BANKS = 2
"""Codes that may wait for their matrices at a time."""
_OPERANDS = {"constant": 1, "code_scale": 1, "rsqrt": 1, "multiply": 2, "add": 2}


def validate_program(program: Program) -> None:
    """Raise `InputError` with the place and the reason if the program breaks a rule.

    Names are defined before they are used and lengths agree; accumulators are read once each, in
    the order of their matmuls; shifts and tables are what the units have; scalars, reductions and
    codes fit their registers and banks; every reduction is taken before the token ends.
    """
    check_declarations(program)
    checker = _Checker(program)
    for section in program.sections:
        # The second time finds what a repetition leaves behind for the next one.
        for repetition in range(min(section.repeat, 2)):
            checker.repetition(section, repetition)
    checker.end()


class _Checker:
    """Walks through a token in the order of execution."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._place = ""
        self._written: set[str] = set()
        self._local: set[str] = set()
        self._scalars: dict[str, str] = {}
        self._codes: list[tuple[str, int]] = []
        self._reductions = Reductions(self._fail)
        self._input_length: int | None = None
        self._has_head = False
        self._state_home: dict[str, str] = {}

    def _fail(self, reason: str) -> InputError:
        return InputError(f"program, {self._place}: {reason}")

    def repetition(self, section: Section, repetition: int) -> None:
        """Check one repetition of a section."""
        self._place = f"section {section.name}"
        self._local, self._scalars = set(), {}
        first = section is self._program.sections[0] and repetition == 0
        for index, item in enumerate(section.items):
            name = getattr(item, "name", None) or getattr(item, "result", "top-k")
            self._place = f"section {section.name}, item {index} ({name})"
            # Only the first kernel of the token has the input row.
            self._input_length = self._program.input_length if first else None
            if isinstance(item, Kernel):
                self._kernel(section, item, section.items[index + 1 :])
                first = False
            elif isinstance(item, Quantise):
                self._quantise(item)
            elif isinstance(item, ScalarOperation):
                self._scalar_operation(item)
            else:
                self._top_k(section, item)
            self._check_scalar_registers(section.items[index + 1 :])
        self._place = f"section {section.name}"
        if self._codes:
            raise self._fail(f"codes {self._codes[0][0]} are never used")

    def end(self) -> None:
        """Check what must hold when the token is done."""
        self._place = "end"
        self._reductions.check_empty()

    def _length(self, name: str) -> int:
        if name not in self._program.vectors:
            raise self._fail(f"vector {name} is not declared")
        return self._program.vectors[name].length

    def _check_vector(self, name: str, length: int) -> None:
        if name == "input":
            if self._input_length is None:
                raise self._fail("only the first kernel of the program reads the input")
            actual = self._input_length
        else:
            actual = self._length(name)
            lifetime = self._program.vectors[name].lifetime
            known = self._written if lifetime == "carried" else self._local
            if lifetime != "state" and name not in known:
                raise self._fail(f"vector {name} is read before it is written")
        if actual != length:
            raise self._fail(f"vector {name} has {actual} elements, not {length}")

    def _define_vector(self, section: Section, name: str, length: int) -> None:
        if self._length(name) != length:
            raise self._fail(f"vector {name} has {self._length(name)} elements, not {length}")
        if self._program.vectors[name].lifetime == "state":
            home = self._state_home.setdefault(name, section.name)
            if home != section.name:
                raise self._fail(f"state {name} belongs to section {home}")
        self._written.add(name)
        self._local.add(name)

    def _check_shift(self, shift: int) -> None:
        if shift % SHIFT_STEP or not 0 <= shift <= MAX_SHIFT:
            raise self._fail(
                f"shift {shift} is not a multiple of {SHIFT_STEP} from 0 to {MAX_SHIFT}"
            )

    def _kernel(self, section: Section, kernel: Kernel, later: tuple[Item, ...]) -> None:
        waiting = [matmul.result for matmul in kernel.matmuls]
        for matmul in kernel.matmuls:
            if matmul.result in self._program.vectors:
                raise self._fail(f"accumulators {matmul.result} have the name of a vector")
            self._matmul(section, matmul, kernel.length)
        self._release(kernel.matmuls, later)
        for operation in kernel.body:
            if operation.a in waiting:
                if operation.a != waiting[0]:
                    raise self._fail(f"accumulators {waiting[0]} must be read before {operation.a}")
                waiting.pop(0)
            elif any(operation.a == matmul.result for matmul in kernel.matmuls):
                raise self._fail(f"accumulators {operation.a} are read twice")
            else:
                self._check_vector(operation.a, kernel.length)
            if isinstance(operation, Lookup):
                if operation.table not in self._program.tables:
                    raise self._fail(f"table {operation.table} is not declared")
            else:
                self._element(operation, kernel.length)
            if operation.result is not None:
                self._define_vector(section, operation.result, kernel.length)
        if waiting:
            raise self._fail(f"accumulators {waiting[0]} are not read")

    def _element(self, operation: Element, length: int) -> None:
        multiplier = operation.multiplier
        self._check_shift(operation.shift)
        if isinstance(multiplier, Scalar):
            if operation.shift:
                raise self._fail("an operation with a scalar has the scalar's shift, not its own")
            self._check_scalar(multiplier.name)
        elif isinstance(multiplier, Vector):
            if multiplier.name == "input":
                raise self._fail("the input can only be the first operand")
            self._check_vector(multiplier.name, length)
            if operation.addend not in (None, multiplier.name):
                # Both come through the second read port of the vector memory.
                raise self._second_operand(operation)
        elif not isinstance(multiplier, Constant) and multiplier.value not in (-1, 0, 1):
            raise self._fail(f"the unit multiplier is {multiplier.value}, not -1, 0 or 1")
        if operation.addend is not None:
            self._check_vector(operation.addend, length)
        if operation.result is None and operation.absmax is None and operation.squares is None:
            raise self._fail(f"operation on {operation.a} has no effect")
        if operation.squares is not None:
            limit = (1 << (self._program.word_bits - 1)) - 1
            if length * limit * limit >= 1 << SQUARES_BITS:
                raise self._fail(
                    f"{length} squares of {self._program.word_bits}-bit words exceed "
                    f"{SQUARES_BITS} bits"
                )
        self._reductions.fill(operation)

    def _second_operand(self, operation: Element) -> InputError:
        return self._fail(
            f"operation on {operation.a} reads three vectors; two can be read at a time"
        )

    def _matmul(self, section: Section, matmul: Matmul, rows: int) -> None:
        key = (section.name, matmul.matrix)
        if key not in self._program.matrices:
            raise self._fail(f"matrix {matmul.matrix} is not declared")
        if not self._codes or self._codes[0][0] != matmul.codes:
            oldest = self._codes[0][0] if self._codes else "none"
            raise self._fail(f"codes {matmul.codes} are not the oldest that wait ({oldest})")
        expected = (rows, self._codes[0][1])
        if tuple(self._program.matrices[key]) != expected:
            raise self._fail(
                f"matrix {matmul.matrix} is {list(self._program.matrices[key])}, "
                f"not {list(expected)}"
            )

    def _release(self, matmuls: tuple[Matmul, ...], later: tuple[Item, ...]) -> None:
        """Free the bank of codes that no later item of the section uses."""
        if not matmuls:
            return
        name = matmuls[0].codes
        for item in later:
            uses = item.matmuls if isinstance(item, Kernel) else ()
            if isinstance(item, TopK):
                uses = (item.matmul,)
            if any(matmul.codes == name for matmul in uses):
                return
            if isinstance(item, Quantise) and item.result == name:
                break
        self._codes.pop(0)

    def _quantise(self, item: Quantise) -> None:
        self._check_vector(item.a, item.length)
        if self._scalars.get(item.scale) is None:
            raise self._fail(f"scalar {item.scale} is used before it is defined")
        if any(name == item.result for name, _ in self._codes):
            raise self._fail(f"codes {item.result} still wait for their matrix")
        self._codes.append((item.result, item.length))
        if len(self._codes) > CODE_BANKS:
            raise self._fail(f"more than {CODE_BANKS} code vectors wait for their matrices")

    def _check_scalar(self, name: str) -> None:
        operation = self._scalars.get(name)
        if operation is None:
            raise self._fail(f"scalar {name} is used before it is defined")
        if operation == "code_scale":
            raise self._fail(f"scalar {name} is a code scale, which only a Quantise may use")

    def _scalar_operation(self, item: ScalarOperation) -> None:
        if item.operation in ("absmax", "squares"):
            if len(item.operands) != 1:
                raise self._fail(f"{item.operation} takes one operand")
            self._reductions.take(item.operation, item.operands[0])
        else:
            if item.operation not in _OPERANDS:
                raise self._fail(f"unknown scalar operation {item.operation}")
            if len(item.operands) != _OPERANDS[item.operation]:
                raise self._fail(
                    f"{item.operation} takes {_OPERANDS[item.operation]} operands, "
                    f"not {len(item.operands)}"
                )
            if item.operation != "constant":
                for operand in item.operands:
                    self._check_scalar(operand)
        self._scalars[item.result] = item.operation

    def _top_k(self, section: Section, item: TopK) -> None:
        if self._has_head:
            raise self._fail("a program has one top-k")
        if section.repeat != 1:
            raise self._fail("a top-k stands in a section that is not repeated")
        if item.rows != self._program.rows:
            raise self._fail(f"top-k of {item.rows} rows, the program has {self._program.rows}")
        self._has_head = True
        self._check_scalar(item.scale)
        self._matmul(section, item.matmul, item.rows)
        self._release((item.matmul,), ())

    def _check_scalar_registers(self, later: tuple[Item, ...]) -> None:
        needed = {item.scale for item in later if isinstance(item, Quantise | TopK)}
        for item in later:
            if isinstance(item, ScalarOperation):
                needed.update(item.operands)
            elif isinstance(item, Kernel):
                for operation in item.body:
                    if isinstance(operation, Element) and isinstance(operation.multiplier, Scalar):
                        needed.add(operation.multiplier.name)
        live = len(needed & self._scalars.keys())
        if live > SCALAR_REGISTERS:
            raise self._fail(f"{live} scalars are live, there are {SCALAR_REGISTERS} registers")
