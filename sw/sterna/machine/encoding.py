"""Machine instructions: bit fields of the words in the program memory.

Derived from the units that a machine has; compiler and sequencer both build on
`instruction_fields`, and nothing else knows bit positions. An instruction is one word; fields are
packed from the least significant bit in the order listed: ``kind``, its place among the machine's
instructions, ``ends``, the loops that it closes, and those of the unit that executes it.

The sequencer keeps two address offsets, zero at the start of a run: ``inner`` and ``outer``. Bit
``n`` of ``ends`` closes the loop of level ``n``, see `sterna.machine.units.loops`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sterna.machine.machine import Machine
from sterna.machine.unit import Fields

ENDS_BITS = 2


def kind_bits(machine: Machine) -> int:
    """Width of ``kind``."""
    return max(1, (len(machine.instructions) - 1).bit_length())


def header(machine: Machine) -> Fields:
    """The fields that every instruction begins with."""
    return (("kind", kind_bits(machine)), ("ends", ENDS_BITS))


def kind_of(machine: Machine, name: str) -> int:
    """The code of an instruction. Raises KeyError if the machine has none of that name."""
    return _kinds(machine)[name]


@lru_cache(maxsize=256)
def _kinds(machine: Machine) -> Mapping[str, int]:
    return {item.name: code for code, item in enumerate(machine.instructions)}


@lru_cache(maxsize=256)
def instruction_fields(machine: Machine) -> Mapping[str, Fields]:
    """All fields of each instruction that the machine knows, least significant first, header
    included."""
    return {item.name: header(machine) + item.fields for item in machine.instructions}


def instruction_bits(machine: Machine) -> int:
    """Width of an instruction word."""
    return max(sum(width for _, width in fields)
               for fields in instruction_fields(machine).values())


def encode(machine: Machine, name: str, **values: int) -> int:
    """Pack one instruction; absent fields are zero.

    Raises ValueError when a value does not fit its field or a REPEAT is to close a level, and
    KeyError for an instruction or a field that the machine has not.
    """
    if name == "REPEAT" and values.get("ends"):
        raise ValueError("repeat instruction: closes no level, ends must be 0")
    word, position, left = 0, 0, dict(values, kind=kind_of(machine, name))
    for field, width in instruction_fields(machine)[name]:
        value = int(left.pop(field, 0))
        if not 0 <= value < 1 << width:
            raise ValueError(f"{name.lower()} instruction: {field} = {value} exceeds {width} bits")
        word |= value << position
        position += width
    if left:
        raise KeyError(f"{name.lower()} instruction has no field {', '.join(left)}")
    return word


def decode(machine: Machine, word: int) -> tuple[str, dict[str, int]]:
    """Unpack one instruction into its name and fields. Raises ValueError for an unknown kind."""
    kind = word & (1 << kind_bits(machine)) - 1
    if kind >= len(machine.instructions):
        raise ValueError(f"instruction {word:#x} has kind {kind}; the machine has "
                         f"{len(machine.instructions)}")
    name = machine.instructions[kind].name
    values, position = {}, 0
    for field, width in instruction_fields(machine)[name]:
        values[field] = word >> position & ((1 << width) - 1)
        position += width
    return name, values
