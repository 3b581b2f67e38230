"""The machine: units, a memory and a link.

Compiler, RTL, tests and driver share it. It knows nothing of any model: two models whose programs
fit the same machine run on the same Verilog.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from sterna.errors import InputError
from sterna.machine.dense_triples import dense_words
from sterna.machine.memory import Chip, Memory, Outside, Sdram
from sterna.machine.row_memory import RowMemory, RowsInSdram, RowsOnChip
from sterna.machine.sdram import SdramPart
from sterna.machine.texts import check_shared
from sterna.machine.triples import TRIPLE
from sterna.machine.unit import (
    MOST,
    Counter,
    Instruction,
    MemorySpec,
    Part,
    Unit,
    find_field,
)
from sterna.machine.units.generate import Generate
from sterna.machine.units.head import Head
from sterna.machine.units.matrix import MatrixStates
from sterna.machine.units.neurons import Neurons
from sterna.machine.units.read import Read
from sterna.machine.units.synapses import Synapses
from sterna.machine.units.ternary import Ternary
from sterna.machine.units.vector import Vector
from sterna.machine.values import read_values, values_of
from sterna.reading import parse_json

MOST_STREAMS = 16
U = TypeVar("U", bound=Unit)
END = Instruction("END", (), "wait until every unit is idle, then report")


@dataclass(frozen=True, kw_only=True)
class Link(Part):
    """What carries frames to the host: a serial port of ``baud`` bits a second, 0 if none."""

    name = "link"
    optional = frozenset({"baud"})
    baud: int = 0


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What is generated: ``units`` in the order of their instructions, memories and a link.

    Raises `InputError` for values that do not fit, naming the field.
    """

    units: tuple[Unit, ...]
    memory: Memory = Chip()
    row_memory: RowMemory = RowsOnChip()
    link: Link = Link()
    program_depth: int = 256
    """Program memory, in instructions."""
    streams: int = 1
    """Token streams that share every fetched weight; each has a data path of its own."""
    shared: bool = False
    """Whether the token streams take turns on one data path instead: texts."""
    compact: bool = False
    """For small parts at a slow clock: without the registers between units and before memories,
    and without the queue before the list of the best."""
    trace: bool = False
    """Whether the top level has trace ports (simulation only)."""

    OWN: ClassVar[tuple[str, ...]] = ("program_depth", "streams", "shared", "compact", "trace")

    def __post_init__(self) -> None:
        for name in ("program_depth", "streams"):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= MOST:
                raise InputError(f"machine: {name} must be a positive integer, not {value!r}")
        for name in ("shared", "compact", "trace"):
            if type(getattr(self, name)) is not bool:
                raise InputError(f"machine: {name} must be true or false, not "
                                 f"{getattr(self, name)!r}")
        if self.streams > MOST_STREAMS:
            raise InputError(f"machine: streams = {self.streams} must be at most {MOST_STREAMS}")
        if self.shared:
            check_shared(self)
        names = [unit.name for unit in self.units]
        if twice := {name for name in names if names.count(name) > 1}:
            raise InputError(f"machine: has two units {', '.join(sorted(twice))}")
        for part in self.parts():
            part.check(self)

    def parts(self) -> Iterator[Part]:
        """Units, memory, the memory of rows if it has any to itself, link."""
        yield from self.units
        yield self.memory
        if self.row_memory.outside:
            yield self.row_memory
        yield self.link

    def has(self, name: str) -> bool:
        """Whether it has a unit of that name."""
        return any(unit.name == name for unit in self.units)

    @property
    def texts(self) -> int:
        """Token streams that take turns on a data path."""
        return self.streams if self.shared else 1

    @property
    def paths(self) -> int:
        """Data paths, of which each has units of its own."""
        return 1 if self.shared else self.streams

    @property
    def chosen(self) -> dict[str, int]:
        """Fields that stay when it is fitted to a program, where others take the least."""
        return {name: value for unit in self.units for name, value in unit.chosen.items()}

    @property
    def has_words(self) -> bool:
        """Whether it computes with vectors of words, and a RUN begins with words, not codes."""
        return any(unit.computes_words for unit in self.units)

    def unit(self, name: str) -> Unit:
        """The unit of that name. Raises `InputError` if there is none."""
        for unit in self.units:
            if unit.name == name:
                return unit
        raise InputError(f"machine: has no unit {name}; it has "
                         f"{', '.join(item.name for item in self.units)}")

    @cached_property
    def ternary(self) -> Ternary:
        """Its ternary engine. Raises `InputError` if it has none."""
        return self._typed(Ternary)

    @cached_property
    def vector(self) -> Vector:
        """Its vector unit. Raises `InputError` if it has none."""
        return self._typed(Vector)

    @cached_property
    def head(self) -> Head:
        """Its head. Raises `InputError` if it has none."""
        return self._typed(Head)

    @cached_property
    def synapses(self) -> Synapses:
        """Its synapses. Raises `InputError` if it has none."""
        return self._typed(Synapses)

    @cached_property
    def neurons(self) -> Neurons:
        """Its neurons. Raises `InputError` if it has none."""
        return self._typed(Neurons)

    @cached_property
    def matrix(self) -> MatrixStates:
        """The same of its matrix states."""
        return self._typed(MatrixStates)

    @cached_property
    def outside(self) -> Outside:
        """Its memory outside the chip. Raises `InputError` if weights are on the chip."""
        if not isinstance(self.memory, Outside):
            raise InputError("machine: has no memory outside the chip")
        return self.memory

    @property
    def weight_bytes(self) -> int:
        """Bytes of the words of weights that its memory keeps."""
        ternary = self.ternary
        return ternary.lanes // TRIPLE if ternary.is_dense(self) else ternary.weight_bytes

    @property
    def weight_words(self) -> int:
        """Words of weights that its memory keeps."""
        words = self.ternary.weight_depth
        return dense_words(words) if self.ternary.is_dense(self) else words

    @property
    def memory_name(self) -> str:
        """What its memory is called where it is told; nothing depends on it."""
        return self.memory.kind

    @property
    def driven(self) -> SdramPart | None:
        """The SDRAM whose pins it drives, if any."""
        return self.memory.driven or self.row_memory.driven

    @property
    def reads_outside(self) -> bool:
        """Whether weights or rows come from outside the chip."""
        return self.memory.outside or self.row_memory.outside

    @cached_property
    def sdram(self) -> Sdram | RowsInSdram:
        """What says its SDRAM. Raises `InputError` if it has none."""
        for memory in (self.memory, self.row_memory):
            if isinstance(memory, (Sdram, RowsInSdram)):
                return memory
        raise InputError(f"machine: its memory is {self.memory.kind}, not sdram")

    def _typed(self, kind: type[U]) -> U:
        found = self.unit(kind.name)
        assert isinstance(found, kind)
        return found

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """Every instruction; its place is its code."""
        return (END, *(item for unit in self.units for item in unit.instructions(self)))

    @cached_property
    def memories(self) -> tuple[MemorySpec, ...]:
        """Every memory that a memory image fills. The input comes last."""
        from sterna.machine.encoding import instruction_bits

        found = [MemorySpec("program", instruction_bits(self), self.program_depth),
                 *self.memory.memories(self),
                 *(item for unit in self.units for item in unit.memories(self))]
        return tuple(sorted(found, key=lambda item: item.input))

    @cached_property
    def ports(self) -> Mapping[str, tuple[Instruction, ...]]:
        """What the sequencer hands on by each of its streams of commands."""
        found: dict[str, tuple[Instruction, ...]] = {}
        for item in self.instructions:
            if item.port:
                found[item.port] = (*found.get(item.port, ()), item)
        return found

    @cached_property
    def partners(self) -> tuple[str, ...]:
        """Units that exchange groups of words with the vector unit; VECTOR names them by place."""
        return tuple(unit.name for unit in self.units
                     if unit.takes_words(self) or unit.gives_words(self))

    @property
    def readable(self) -> bool:
        """Whether READ reads what a RUN writes, and LOAD writes it."""
        return self.has(Read.name)

    @property
    def generates(self) -> Generate | None:
        """What answers GENERATE, if something does."""
        return self._typed(Generate) if self.has(Generate.name) else None

    @cached_property
    def states(self) -> tuple[MemorySpec, ...]:
        """Every memory that READ reads; empty without the unit. See `path_space` for their names.
        """
        if not self.readable:
            return ()
        return tuple(
            replace(item, name=path_space(item.name, path))
            for unit in self.units for item in unit.states(self)
            for path in range(self.streams if unit.per_stream else 1))

    @cached_property
    def spaces(self) -> tuple[MemorySpec, ...]:
        """Every memory that frames name; its place is its number."""
        return (*self.memories, *self.states)

    @cached_property
    def counters(self) -> tuple[Counter, ...]:
        """What RESULT begins with: clocks, and what units count.

        A name that a unit before has taken follows that of the unit.
        """
        found = {"cycles": Counter("cycles")}
        for unit in self.units:
            for item in unit.counters(self):
                name = f"{unit.name}_{item.name}" if item.name in found else item.name
                found[name] = replace(item, name=name)
        return tuple(found.values())

    def having(self, **changes: Any) -> Machine:
        """The machine with other values of its own fields and of those of its parts.

        A field of a part is named by `Part.label`, ``vector_lanes`` or ``memory_ports``, or by
        itself where only one part has it. ``memory``, ``row_memory``, ``link`` and ``units`` stand
        for themselves.
        Raises `InputError` for a field that the machine has not.
        """
        names = ("memory", "row_memory", "link", "units", *self.OWN)
        whole = {name: changes.pop(name) for name in names if name in changes}
        parts = [*(whole.get("units") or self.units), whole.get("memory") or self.memory,
                 whole.get("row_memory") or self.row_memory, whole.get("link") or self.link]
        own: list[dict[str, Any]] = [{} for _ in parts]
        for name, value in changes.items():
            place, field = find_field(parts, name)
            own[place][field] = value
        changed = [replace(part, **values) if values else part  # type: ignore[type-var]
                   for part, values in zip(parts, own, strict=True)]
        return replace(self, **{**whole, "units": tuple(changed[:-3]), "memory": changed[-3],
                                "row_memory": changed[-2], "link": changed[-1]})

    def value(self, name: str) -> Any:
        """The value of a field that is named as in `having`. Raises `InputError` if it has none."""
        if name in self.OWN:
            return getattr(self, name)
        parts = list(self.parts())
        place, field = find_field(parts, name)
        return getattr(parts[place], field)

    def to_json(self) -> str:
        """The machine as a JSON object with sorted keys."""
        return json.dumps(self.to_dict(), sort_keys=True)

    def to_dict(self) -> dict[str, Any]:
        """What `to_json` writes."""
        return values_of(self)

    @classmethod
    def from_json(cls, text: str) -> Machine:
        """Read what `to_json` wrote. Raises `InputError` for anything else, naming what it is."""
        return cls.from_dict(parse_json(text, "machine"))

    @classmethod
    def from_dict(cls, values: Any) -> Machine:
        """Read what `to_dict` gave; raises as `from_json`."""
        return read_values(cls, Link, values)

    def digest(self) -> int:
        """A 64-bit number that names this hardware (trace ports and serial port do not count)."""
        values = self.to_dict()
        for name in ("trace", "link", "machine", "version"):
            del values[name]
        text = json.dumps(values, sort_keys=True)
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def path_space(name: str, path: int) -> str:
    """What a state memory of a data path is called: the first has none but its name."""
    return f"{name}_{path}" if path else name


def with_rate(machine: Machine, usual: int, wanted: int | None = None) -> Machine:
    """The machine at the wanted bit rate; if there is none, at its own, or the usual one."""
    return machine.having(baud=wanted or machine.link.baud or usual)
