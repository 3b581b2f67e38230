"""What an accelerator for words cannot do, of programs that mean something.

Accumulators and the input are streams, which are there once and in order; the vector memory has two
read ports; codes wait in banks, the oldest first; scalars and reductions lie in registers; lengths
are fields of instructions.
"""

from __future__ import annotations

from collections.abc import Sequence

from sterna.compiler.lifetimes import assign_registers
from sterna.errors import InputError
from sterna.law.arithmetic import SQUARES_BITS
from sterna.machine.machine import Machine
from sterna.machine.units.ternary import CODE_BANKS
from sterna.machine.units.vector import LENGTH_BITS
from sterna.program.definition import Program
from sterna.program.instructions import (
    INPUT,
    Element,
    Kernel,
    Operation,
    Quantise,
    ScalarOperation,
    Section,
    TopK,
    Vector,
    second_operand,
)
from sterna.program.items import Item
from sterna.program.validate import validate_program

KINDS = (Kernel, Quantise, ScalarOperation, TopK)
"""Operations that its units execute."""


def check_legal(program: Program, machine: Machine) -> None:
    """Raise `InputError` for what is no program, or what such an accelerator cannot execute."""
    validate_program(program)
    if program.word_bits != machine.vector.word_bits:
        raise InputError(
            f"program {program.name} has words of {program.word_bits} bits, the machine of "
            f"{machine.vector.word_bits}; lower the model again or change word_bits")
    if program.takes_codes or program.results:
        raise InputError(f"program {program.name}: takes codes or gives values; this accelerator "
                         "takes words and gives the best of a head")
    inputs = 0
    for number, section in enumerate(program.sections):
        checker = _Section(program, machine, section, first=number == 0)
        checker.check()
        inputs += checker.inputs
    if inputs > 1:
        raise InputError(
            f"program {program.name}: {inputs} operations read the input, which is there only once")
    assign_registers(program)


class _Section:
    """The rules for the items of one section."""

    def __init__(self, program: Program, machine: Machine, section: Section,
                 *, first: bool) -> None:
        self._program, self._machine, self._section = program, machine, section
        self._first = first
        self._place = ""
        self._banks: list[str] = []
        self.inputs = 0

    def _fail(self, reason: str) -> InputError:
        return InputError(f"program, {self._place}: {reason}")

    def check(self) -> None:
        """Raise `InputError` for the first item that breaks a rule."""
        items = self._section.items
        for index, item in enumerate(items):
            self._place = f"section {self._section.name}, item {index} ({item.title})"
            if not isinstance(item, KINDS):
                raise self._fail(f"no unit of this accelerator computes a {type(item).__name__}; "
                                 "the golden does: sterna run or sterna eval")
            if isinstance(item, Kernel):
                self._kernel(item)
                self._first = False
            elif isinstance(item, Quantise):
                self._quantise(item, items[:index])
            self._use_codes(item, items[index + 1:])
        self._place = f"section {self._section.name}"
        if self._banks:
            raise self._fail(f"codes {self._banks[0]} are never used")

    def _length(self, length: int) -> None:
        groups = -(-length // self._machine.vector.lanes)
        if groups >= 1 << LENGTH_BITS:
            raise self._fail(f"{groups} groups are more than the {(1 << LENGTH_BITS) - 1} of an "
                             "instruction; use more vector_lanes")

    def _kernel(self, kernel: Kernel) -> None:
        if len(kernel.codes_read()) > 1:
            raise self._fail("its matmuls must share one vector of codes; use two kernels")
        if not kernel.matmuls:
            self._length(kernel.length)
        waiting = [matmul.result for matmul in kernel.matmuls]
        accumulators = frozenset(waiting)
        for operation in kernel.body:
            if operation.a in accumulators:
                if operation.a not in waiting:
                    raise self._fail(f"accumulators {operation.a} are read twice")
                if operation.a != waiting[0]:
                    raise self._fail(f"accumulators {waiting[0]} must be read before {operation.a}")
                waiting.pop(0)
            elif operation.a == INPUT:
                self._input(kernel)
            self._operands(operation, accumulators)
            if isinstance(operation, Element) and operation.squares is not None:
                self._squares(kernel.length)
        if waiting:
            raise self._fail(f"accumulators {waiting[0]} are not read")

    def _input(self, kernel: Kernel) -> None:
        self.inputs += 1
        if not self._first:
            raise self._fail("only the first kernel of the program reads the input")
        if kernel.matmuls or self._section.repeat > 1:
            raise self._fail("the input needs a kernel without matmul or repetition")

    def _operands(self, operation: Operation, accumulators: frozenset[str]) -> None:
        second = second_operand(operation)
        for name in (second, getattr(operation, "addend", None)):
            if name == INPUT or name in accumulators:
                raise self._fail(f"{name} can only be the first operand")
        if (isinstance(operation, Element) and isinstance(operation.multiplier, Vector)
                and operation.addend not in (None, second)):
            # Both come through the second read port of the vector memory.
            raise self._fail(
                f"operation on {operation.a} reads three vectors; two can be read at a time")

    def _squares(self, length: int) -> None:
        bits = self._program.word_bits
        if length * ((1 << (bits - 1)) - 1) ** 2 >= 1 << SQUARES_BITS:
            raise self._fail(
                f"{length} squares of {bits}-bit words exceed {SQUARES_BITS} bits")

    def _quantise(self, item: Quantise, earlier: Sequence[Item]) -> None:
        self._length(item.length)
        if any(item.result in other.codes_written() for other in earlier):
            raise self._fail(f"the name of codes {item.result} is used twice")
        self._banks.append(item.result)
        if len(self._banks) > CODE_BANKS:
            raise self._fail(f"more than {CODE_BANKS} code vectors wait for their matrices")

    def _use_codes(self, item: Item, later: Sequence[Item]) -> None:
        """Codes are taken, and leave their bank with the last item that takes them."""
        for name in item.codes_read():
            if self._banks[0] != name:
                raise self._fail(f"codes {name} are not the oldest that wait ({self._banks[0]})")
            if not any(name in other.codes_read() for other in later):
                self._banks.pop(0)
