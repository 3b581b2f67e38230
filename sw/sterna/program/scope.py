"""What is known at a place of a program while it is checked."""

from __future__ import annotations

from sterna.errors import InputError
from sterna.program.definition import CodeFormat, MatrixFormat, Program
from sterna.program.instructions import INPUT
from sterna.program.items import Item
from sterna.program.reductions import Reductions


class Scope:
    """Values by name, in the order of execution; every check raises `InputError` with its place.

    Attributes:
        program: the program that is checked.
        reductions: those that hold something.
        heads: how many top-k there were.
        results: values so far that may leave with the RUN.
        made: codes so far.
        weights: outputs that are weights, how many, of the present repetition.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.section = program.sections[0]
        self.reductions = Reductions(self.fail)
        self.heads = 0
        self.results: set[str] = set()
        self.made: set[str] = set()
        self.weights: dict[str, int] = {}
        self._place = ""
        self._carried: set[str] = set()
        self._local: set[str] = set()
        self._scalars: dict[str, str] = {}
        self._signed: set[str] = set()
        self._codes: dict[str, CodeFormat] = {}
        self._homes: dict[str, str] = {}
        self._owners: dict[str, str] = {}

    def fail(self, reason: str) -> InputError:
        """The error of a reason, at the present place."""
        return InputError(f"program, {self._place}: {reason}")

    def enter(self, name: str) -> None:
        """Begin a repetition of a section: what is local is gone."""
        self.section = self.program.section(name)
        self._local, self._scalars, self._signed = set(), {}, set()
        self.weights = {}
        self._codes = {name: codes for name, codes in self._codes.items()
                       if self._lifetime(name) == "carried"}
        if self.program.takes_codes:
            self._codes[INPUT] = self.program.codes[INPUT]
        self.at(f"section {name}")

    def at(self, place: str) -> None:
        """Where errors are from now on."""
        self._place = place

    def at_item(self, index: int, item: Item) -> None:
        """Errors are of this item from now on."""
        self.at(f"section {self.section.name}, item {index} ({item.title})")

    def _lifetime(self, codes: str) -> str:
        declared = self.program.codes.get(codes)
        return "local" if declared is None else declared.lifetime

    def length(self, name: str) -> int:
        """Elements of a declared vector."""
        if name not in self.program.vectors:
            raise self.fail(f"vector {name} is not declared")
        return self.program.vectors[name].length

    def read_vector(self, name: str, length: int, first: int | None = None) -> None:
        """A vector of that length is read, or so many elements from the ``first`` on; the input
        counts as one where it is words."""
        if name == INPUT:
            if self.program.takes_codes:
                raise self.fail("the input is codes, and is read as a vector")
            actual = self.program.input_length
        else:
            actual = self.length(name)
            lifetime = self.program.vectors[name].lifetime
            known = self._carried if lifetime == "carried" else self._local
            if lifetime != "state" and name not in known:
                raise self.fail(f"vector {name} is read before it is written")
        self._reaches(name, actual, length, first)

    def _reaches(self, name: str, actual: int, length: int, first: int | None) -> None:
        if first is None and actual != length:
            raise self.fail(f"vector {name} has {actual} elements, not {length}")
        if first is not None and not 0 <= first <= actual - length:
            raise self.fail(f"vector {name} has {actual} elements, not {length} from {first} on")

    def write_vector(self, name: str, length: int, first: int | None = None) -> None:
        """A vector of that length is written, or a part of one that was written before."""
        if first is not None:
            self.read_vector(name, length, first)
        self._reaches(name, self.length(name), length, first)
        lifetime = self.program.vectors[name].lifetime
        if lifetime == "state":
            self.belongs_here(f"state {name}")
        if lifetime == "carried":
            self.results.add(name)
        self._carried.add(name)
        self._local.add(name)

    def belongs_here(self, what: str) -> None:
        """Something that each repetition keeps for itself is of one section only."""
        home = self._homes.setdefault(what, self.section.name)
        if home != self.section.name:
            raise self.fail(f"{what} belongs to section {home}")

    def owns(self, what: str) -> None:
        """Something that the item keeps from RUN to RUN is no other item's."""
        owner = self._owners.setdefault(what, self._place)
        if owner != self._place:
            raise self.fail(f"{what} is that of {owner} too")

    def define_scalar(self, name: str, operation: str, *, signed: bool = False) -> None:
        """A scalar operation gives the scalar, which may be negative if it is ``signed``."""
        self._scalars[name] = operation
        self._signed.discard(name)
        if signed:
            self._signed.add(name)

    def read_scalar(self, name: str, *, scale: bool = False, signed: bool = False) -> bool:
        """A scalar is read, and whether it may be negative.

        ``scale`` where a code scale will do, ``signed`` where one that may be negative does.
        """
        operation = self._scalars.get(name)
        if operation is None:
            raise self.fail(f"scalar {name} is used before it is defined")
        if operation == "code_scale" and not scale:
            raise self.fail(f"scalar {name} is a code scale, which only a Quantise may use")
        if name in self._signed and not signed:
            raise self.fail(f"scalar {name} may be negative, being made of a sum: only multiply "
                            "and operations on vectors take it")
        return name in self._signed

    def define_codes(self, name: str, codes: CodeFormat) -> None:
        """Codes are made; where they are declared, they are what is declared."""
        declared = self.program.codes.get(name)
        if name == INPUT:
            raise self.fail("codes have the name of the input")
        if declared is not None:
            if (declared.length, declared.limit) != (codes.length, codes.limit):
                raise self.fail(
                    f"codes {name} are declared as {declared.length} of at most {declared.limit}, "
                    f"and are {codes.length} of at most {codes.limit}")
            if declared.lifetime == "state":
                self.belongs_here(f"codes {name}")
        self._codes[name] = declared or codes
        self.made.add(name)

    def read_codes(self, name: str, past: range = range(1)) -> CodeFormat:
        """Codes are read, of the RUNs that ``past`` counts back; 0 is this one."""
        codes = self._codes.get(name)
        if 0 not in past:
            codes = self.program.codes.get(name)
            if codes is not None and codes.lifetime == "state":
                self.belongs_here(f"codes {name}")
        if codes is None:
            raise self.fail(f"codes {name} are read before they are made")
        if past[-1] > codes.history:
            raise self.fail(f"codes {name} are read {past[-1]} RUNs back; {codes.history} are kept")
        return codes

    def matrix(self, name: str) -> MatrixFormat:
        """A declared matrix of the section."""
        if (self.section.name, name) not in self.program.matrices:
            raise self.fail(f"matrix {name} is not declared")
        return self.program.matrix(self.section.name, name)
