"""Proof that the padding of vectors does not disturb reductions.

A vector of n elements occupies whole groups, and whole row groups in kernels with matmuls. All
its padding elements pass the same operations, so their common value can be followed through the
program: accumulators and constants are zero there (zero rows, zero gains), the input is zero, a
factor of zero gives zero, a table gives what it holds at that word. Where the value is not known,
it is None; a reduction accepts only zero.

Two values are followed: that of the last group's spare lanes, and that of the groups behind it,
which only kernels with matmuls write. Carried vectors and state start as zero after a reset.
"""

from __future__ import annotations

from dataclasses import dataclass

from sterna.errors import InputError
from sterna.law.arithmetic import TABLE_INDEX_BITS, TABLE_SHIFT
from sterna.law.tables import Table
from sterna.machine.machine import Machine
from sterna.program.definition import Program
from sterna.program.instructions import (
    INPUT,
    Constant,
    Element,
    Kernel,
    Lookup,
    Operation,
    Section,
    Unit,
    Vector,
    second_operand,
)
from sterna.program.items import Item
from sterna.program.matrix_state import MatrixState


@dataclass(frozen=True)
class Padding:
    """Known value of the spare lanes and of the groups behind the last one."""

    lanes: int | None = None
    groups: int | None = None


ZERO = Padding(0, 0)


def _round_shift(value: int, shift: int) -> int:
    return (value + (1 << shift >> 1)) >> shift


def _saturate(value: int, limit: int) -> int:
    return max(-limit, min(limit, value))


def look_up(table: Table, word: int, word_bits: int) -> int:
    """``table(word)`` by the definition in `sterna.law.arithmetic`."""
    fraction_bits = word_bits - TABLE_INDEX_BITS
    position = word + (1 << word_bits - 1)
    index, fraction = position >> fraction_bits, position & (1 << fraction_bits) - 1
    value = _round_shift(table.slope[index] * fraction, TABLE_SHIFT) + table.base[index]
    return _saturate(value, (1 << word_bits - 1) - 1)


def _factor(operation: Element, b: int | None) -> int | None:
    multiplier = operation.multiplier
    if isinstance(multiplier, Constant):
        return 0
    if isinstance(multiplier, Unit):
        return multiplier.value
    return b if isinstance(multiplier, Vector) else None


def _result(program: Program, operation: Operation, a: int | None, b: int | None) -> int | None:
    """Value of the result's padding; ``b`` is that of the vector at the second port."""
    if isinstance(operation, Lookup):
        if a is None:
            return None
        return look_up(program.tables[operation.table], a, program.word_bits)
    factor = _factor(operation, b)
    if a == 0 or factor == 0:
        product = 0
    elif a is None or factor is None:
        return None
    else:
        product = _round_shift(a * factor, operation.shift)
    if operation.addend is not None:
        if b is None:
            return None
        product += b
    return _saturate(product, (1 << program.word_bits - 1) - 1)


class _Tracker:
    def __init__(self, program: Program, machine: Machine) -> None:
        self.program, self.machine = program, machine
        self.values: dict[str, Padding] = {}

    def _value(self, name: str | None, accumulators: set[str]) -> Padding:
        if name is None or name == INPUT or name in accumulators:
            return ZERO
        persistent = self.program.vectors[name].lifetime != "local"
        return self.values.get(name, ZERO if persistent else Padding())

    def kernel(self, section: Section, kernel: Kernel) -> None:
        """Follow the padding through the kernel; raises `InputError` at a disturbed reduction."""
        accumulators = {matmul.result for matmul in kernel.matmuls}
        spare_lanes = kernel.length % self.machine.vector.lanes != 0
        spare_groups = bool(kernel.matmuls) and (
            -kernel.length % self.machine.ternary.rows >= self.machine.vector.lanes
        )
        for operation in kernel.body:
            second = second_operand(operation)
            a, b = self._value(operation.a, accumulators), self._value(second, accumulators)
            lanes = _result(self.program, operation, a.lanes, b.lanes)
            groups = _result(self.program, operation, a.groups, b.groups)
            reduced = isinstance(operation, Element) and operation.reductions()
            if reduced and ((spare_lanes and lanes != 0) or (spare_groups and groups != 0)):
                raise InputError(
                    f"section {section.name}, kernel {kernel.name}: '{operation}' enters a "
                    f"reduction, but its padding behind element {kernel.length} is not known to "
                    "be zero; make it a product with a constant or of accumulators"
                )
            name = operation.result
            if name is not None and kernel.first is None:
                before = self._value(name, accumulators)
                result = Padding(lanes, groups if kernel.matmuls else before.groups)
                if self.program.vectors[name].lifetime == "state":
                    # Each repetition has its own copy: only what holds for all of them is known.
                    result = Padding(
                        result.lanes if result.lanes == before.lanes else None,
                        result.groups if result.groups == before.groups else None,
                    )
                self.values[name] = result

    def other(self, item: Item) -> None:
        """What another operation leaves behind the elements of a vector is not known, but that what
        is read of a matrix state fills its last group with zeros."""
        lanes = 0 if isinstance(item, MatrixState) else None
        self.values.update(dict.fromkeys(item.vectors_written(), Padding(lanes)))

    def forget_locals(self, section: Section) -> None:
        for item in section.items:
            for name in item.vectors_written():
                if self.program.vectors[name].lifetime == "local":
                    self.values.pop(name, None)


def check_padding(program: Program, machine: Machine) -> None:
    """Raise `InputError` if padding could enter a reduction in any token."""
    if not machine.has_words:
        return
    tracker = _Tracker(program, machine)
    seen: list[dict[str, Padding]] = []
    # A second token starts from what the first left; values change until they repeat.
    while tracker.values not in seen:
        seen.append(dict(tracker.values))
        for section in program.sections:
            before: list[dict[str, Padding]] = []
            while tracker.values not in before and len(before) < section.repeat:
                before.append(dict(tracker.values))
                for item in section.items:
                    if isinstance(item, Kernel):
                        tracker.kernel(section, item)
                    else:
                        tracker.other(item)
                tracker.forget_locals(section)
