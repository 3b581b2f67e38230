"""The rules of a machine for the operations of a section, and what is known at each of them."""

from __future__ import annotations

from sterna.compiler.operands import codes_taken
from sterna.compiler.registry import compilers_of, unit_of
from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.machine.units.ternary import CODE_BANKS
from sterna.machine.units.vector import LENGTH_BITS
from sterna.program.definition import MatrixFormat, Program
from sterna.program.instructions import Matmul, Section
from sterna.program.items import Item


class Check:
    """The operations of a section, in order; every rule raises `InputError` with its place.

    Attributes:
        program, machine, section: what is checked.
        inputs: operations so far that read the input.
        banks: codes that wait for their matrices, the oldest first.
        first: whether no kernel has come before.
    """

    def __init__(self, program: Program, machine: Machine, section: Section,
                 *, first: bool) -> None:
        self.program, self.machine, self.section = program, machine, section
        self.first = first
        self.inputs = 0
        self.banks: list[str] = []
        self._place = ""
        self._index = 0

    def fail(self, reason: str) -> InputError:
        """The error of a reason, at the present place."""
        return InputError(f"program, {self._place}: {reason}")

    def run(self) -> None:
        """Raise `InputError` for the first item that breaks a rule."""
        there = compilers_of(self.machine)
        for index, item in enumerate(self.section.items):
            self._index = index
            self._place = f"section {self.section.name}, item {self._index} ({item.title})"
            found = unit_of(item)
            if found is None or found[0] not in there:
                raise self.fail(f"no unit of this machine computes a {type(item).__name__}; "
                                "the golden does: sterna run or sterna eval")
            for name in found[1].beside(item):
                if not self.machine.has(name):
                    raise self.fail(f"the machine has no unit {name}, which it needs")
            found[1].check(self, item)
            self._take_codes(item)
        self._place = f"section {self.section.name}"
        if self.banks:
            raise self.fail(f"codes {self.banks[0]} are never used")

    def length(self, length: int, lanes: int | None = None, bits: int = LENGTH_BITS) -> None:
        """So many elements must be groups that an instruction can name, in so many bits."""
        groups = -(-length // (lanes or self.machine.vector.lanes))
        if groups >= 1 << bits:
            raise self.fail(f"{groups} groups are more than the {(1 << bits) - 1} of an "
                            f"instruction; use more {'neuron' if lanes else 'vector'}_lanes")

    def matrix(self, matmul: Matmul) -> MatrixFormat:
        """The format of the matrix of a product."""
        return self.program.matrix(self.section.name, matmul.matrix)

    def taken(self, codes: str) -> bool:
        """Whether some later item takes the codes from a bank."""
        return any(codes in codes_taken(item) for item in self.section.items[self._index + 1:])

    def fill_bank(self, codes: str) -> None:
        """Codes enter a bank of the ternary engine."""
        if any(codes in item.codes_written() for item in self.section.items[:self._index]):
            raise self.fail(f"the name of codes {codes} is used twice")
        self.banks.append(codes)
        if len(self.banks) > CODE_BANKS:
            raise self.fail(f"more than {CODE_BANKS} code vectors wait for their matrices")

    def _take_codes(self, item: Item) -> None:
        """Codes are taken, and leave their bank with the last item that takes them."""
        for name in codes_taken(item):
            if name not in self.banks:
                raise self.fail(f"codes {name} are in no bank of the ternary engine; those that a "
                                "vector or a population of the same section gives are")
            if self.banks[0] != name:
                raise self.fail(f"codes {name} are not the oldest that wait ({self.banks[0]})")
            if not self.taken(name):
                self.banks.pop(0)
