"""What a unit of a machine says of itself, from which all that machines share is derived."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

from sterna.errors import InputError

if TYPE_CHECKING:
    from sterna.machine.machine import Machine

Fields = tuple[tuple[str, int], ...]
"""Names and widths, the least significant first."""


@dataclass(frozen=True)
class Instruction:
    """An instruction that a unit executes; ``fields`` follow those of every instruction.

    The sequencer hands it on by ``port``, a stream of commands that may have those of several units
    and keeps their order; ``queue`` of them may wait there. Without a port it is the sequencer's
    own. To a field ``<name>_address`` of ``addresses`` it adds the offsets of the loops, that of
    the outer one if ``<name>_layer`` is set.
    """

    name: str
    fields: Fields
    meaning: str
    port: str = ""
    queue: int = 1
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class MemorySpec:
    """A memory that LOAD writes, or that READ reads too: words of ``bits`` bits.

    An ``input`` is written before each RUN and comes last.
    """

    name: str
    bits: int
    depth: int
    input: bool = False
    lanes: int = 1
    """Numbers in a word, all of the same width."""


@dataclass(frozen=True)
class Counter:
    """What a unit counts in a RUN: at most ``most`` a clock."""

    name: str
    most: int = 1


@dataclass(frozen=True)
class TracePort:
    """What a unit shows in simulation: a word a clock in which its lowest bit, valid, is set.

    ``fields`` are above that bit, each a width of up to 32 bits and whether it is signed, the
    lowest first. ``shows`` says in words what its entries are.
    """

    name: str
    fields: tuple[tuple[int, bool], ...]
    shows: str

    @property
    def chunks(self) -> int:
        """Words of 32 bits that hold an entry."""
        return -(-(1 + sum(width for width, _ in self.fields)) // 32)


def one_of(names: Sequence[str]) -> str:
    """``a, b or c``."""
    *before, last = names
    return f"{', '.join(before)} or {last}" if before else last


def is_power_of_two(value: int) -> bool:
    """Whether it is 1, 2, 4 and so on."""
    return value > 0 and value & (value - 1) == 0


AreaTerms = dict[str, tuple[float, ...]]
"""What the area of parts is linear in, by their names in a netlist; units add to each other's."""
OTHER = "other"
"""Link, counters, clock and what else lies between units: terms are one, bits of a vector group,
and one with neurons, for what walks through a time step."""
FORKS = "forks"
"""What hands commands, weights and constants to the data paths of several token streams."""


MOST = 1 << 40
"""Of any number that a part has: bits that no chip and no memory beside it holds."""


def require_fields(where: str, values: object, names: Collection[str]) -> None:
    """Raise `InputError` unless the values are a JSON object of just these fields."""
    if not isinstance(values, Mapping):
        raise InputError(f"machine: {where} is {values!r}, not an object with fields")
    for name in (*names, *values):
        if (name in values) != (name in names):
            what = ("is missing" if name in names
                    else f"is no field of it; it has {', '.join(names)}")
            raise InputError(f"machine: {where}: {name} {what}")


def require_list(where: str, value: object) -> list[Any]:
    """The same. Raises `InputError` unless it is a list."""
    if not isinstance(value, list):
        raise InputError(f"machine: {where} is {value!r}, not a list")
    return value


class Part:
    """A part of a machine: a frozen dataclass of whole numbers and words, with a name.

    ``optional`` names the numbers that may be 0. Raises `InputError` naming the field that cannot
    be, when it is made (on its own) or by `check` (beside the others).
    """

    name: ClassVar[str]
    optional: ClassVar[frozenset[str]] = frozenset()
    later: ClassVar[frozenset[str]] = frozenset()
    """Fields that files of earlier Sternas lack; with its default one is not written."""

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if field.type == "bool" and type(value) is not bool:
                raise InputError(f"machine: {self.label(field.name)} must be true or false, not "
                                 f"{value!r}")
            least = 0 if field.name in self.optional else 1
            if field.type == "int" and (type(value) is not int or not least <= value <= MOST):
                rule = "a positive integer" if least else "a whole number, 0 or more"
                rule += f" up to {MOST}" if type(value) is int and value > MOST else ""
                raise InputError(f"machine: {self.label(field.name)} must be {rule}, not {value!r}")
        self.validate()

    @classmethod
    def label(cls, field: str) -> str:
        """What a field is called outside the part: see `Machine.having`."""
        return field if field.startswith(f"{cls.name}_") else f"{cls.name}_{field}"

    def require(self, right: bool, field: str, rule: str) -> None:
        """Raise `InputError` unless it is right: the field "must be" what the rule says."""
        if not right:
            raise InputError(
                f"machine: {self.label(field)} = {getattr(self, field)} must be {rule}")

    def validate(self) -> None:
        """Raise `InputError` for values that no machine can have."""

    def check(self, machine: Machine) -> None:
        """Raise `InputError` for what does not go together with the other parts."""

    def to_dict(self) -> dict[str, Any]:
        """Its fields, as JSON has them."""
        usual = {item.name: item.default for item in fields(self)}  # type: ignore[arg-type]
        return {name: value for name, value in asdict(self).items()  # type: ignore[call-overload]
                if name not in self.later or value != usual[name]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gave. Raises `InputError` naming a field that is missing, or none."""
        require_fields(cls.name, values, [
            item.name for item in fields(cls)  # type: ignore[arg-type]
            if item.name not in cls.later or item.name in values])
        return cls(**values)


class Unit(Part):
    """The specification of a unit; a frozen dataclass without hardware.

    Whatever it says may depend on the machine that it is in: widths of words come from the units
    beside it.
    """

    per_stream: ClassVar[bool] = False
    """Whether every token stream has a unit of its own."""
    skips: ClassVar[bool] = False
    """Whether a RUN takes less time the more of what it is given is silent."""
    computes_words: ClassVar[bool] = False
    """Whether it keeps vectors of words and computes with them."""

    @property
    def tables_a_cell(self) -> int:
        """Tables of 16 words that lie in one cell of small memories, side by side."""
        return 1

    @property
    def weights_a_clock(self) -> int:
        """Weights of a model that it takes in a clock."""
        return 0

    @property
    def chosen(self) -> Mapping[str, int]:
        """Fields that stay when a machine is fitted to a program, where others take the least."""
        return {}

    @property
    def shape(self) -> str:
        """Its lanes in words, for people."""
        return ""

    def instructions(self, machine: Machine) -> tuple[Instruction, ...]:
        """What it executes, in the order of their codes."""
        del machine
        return ()

    def memories(self, machine: Machine) -> tuple[MemorySpec, ...]:
        """What LOAD writes."""
        del machine
        return ()

    def weights(self, machine: Machine) -> tuple[MemorySpec, ...]:
        """What it takes as a stream of words, from wherever the memory of the machine keeps them.
        """
        del machine
        return ()

    @property
    def lane_rows(self) -> int:
        """Rows of its lanes that a floor plan places one by one."""
        return 0

    def states(self, machine: Machine) -> tuple[MemorySpec, ...]:
        """What a RUN writes and a later one may read; of every data path, if the unit is there for
        each."""
        del machine
        return ()

    def counters(self, machine: Machine) -> tuple[Counter, ...]:
        """What it counts, in the order of RESULT."""
        del machine
        return ()

    def takes_words(self, machine: Machine) -> bool:
        """Whether VECTOR sends it groups of words."""
        del machine
        return False

    def gives_words(self, machine: Machine) -> bool:
        """Whether VECTOR takes groups of words from it, as operand a."""
        del machine
        return False

    def traces(self, machine: Machine) -> tuple[TracePort, ...]:
        """What it shows where the machine says ``trace``, so that every value can be compared."""
        del machine
        return ()

    def narrower(self) -> Self | None:
        """The same unit with fewer lanes, for a chip that has no room; None if there is none."""
        return None

    def area_terms(self, machine: Machine) -> AreaTerms | None:
        """Terms of its parts, and of what it makes larger; all token streams counted.

        None where they are counted in the hardware (`sterna_boards.estimate.pipelines`).
        """
        del machine
        return None

    def area_factors(self) -> Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]:
        """Look-up tables and flip-flops for each term of a part that Sterna has not measured."""
        return {}

    def multipliers(self, machine: Machine) -> int:
        """Multipliers of the chip that it takes (of Sterna's own `estimate.multipliers` says)."""
        del machine
        return 0

    def result_words(self, machine: Machine) -> int:
        """Words of 32 bits in RESULT; of every token stream, if the unit is there for each."""
        del machine
        return 0

    def result_entries(self, machine: Machine) -> int:
        """Values in RESULT that a user counts, an item of INFO."""
        del machine
        return 0

    def named_fields(self) -> Iterator[tuple[str, Any]]:
        """Its fields by the names that they have outside."""
        for field in fields(self):  # type: ignore[arg-type]
            yield self.label(field.name), getattr(self, field.name)


def find_field(parts: Sequence[Any], name: str) -> tuple[int, str]:
    """The place of the part that has a field, named as in `Machine.having`, and its own name.

    Raises `InputError` for none, and for several.
    """
    found = [(place, field.name) for place, part in enumerate(parts) for field in fields(part)
             if name in (field.name, part.label(field.name))]
    exact = [item for item in found if parts[item[0]].label(item[1]) == name]
    found = exact or found
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(parts[place].label(field) for place, field in found)
        raise InputError(f"machine: {name} may be {names}; say which")
    there = {part.name: [part.label(field.name) for field in fields(part)] for part in parts}
    own = there.get(name.partition("_")[0]) or list(there)
    raise InputError(f"machine: has no field {name}; it has {', '.join(own)}")
