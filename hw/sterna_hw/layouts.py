"""Shapes of the payloads that the units exchange, all derived from the machine."""

from __future__ import annotations

from amaranth.hdl import signed, unsigned
from amaranth.lib.data import ArrayLayout, StructLayout
from sterna.law.arithmetic import CODE_BITS
from sterna.machine.encoding import header, instruction_bits, instruction_fields
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS, address_bits, chunk_bits, space_bits
from sterna.machine.unit import Fields
from sterna.machine.units.ternary import DELIVERY_BITS

__all__ = [
    "WriteChunk", "write_chunk", "command_fields", "command_layout", "code_group", "row_group",
    "word_group", "instruction_layout",
    "instruction_bits", "matmul_command", "text_block", "vector_command", "scalar_command",
    "accumulate_command", "neuron_command", "port_command",
]


WriteChunk = StructLayout({
    "space": unsigned(8), "word": unsigned(32), "chunk": unsigned(16), "data": unsigned(CHUNK_BITS),
})
"""One 32-bit piece of a memory word that the host loads, as wide as a LOAD frame can name it.

``space`` is a `sterna.machine.protocol.space_number`, ``word`` the address in that memory and
``chunk`` the position of ``data`` in the word, least significant first.
"""


def write_chunk(machine: Machine) -> StructLayout:
    """`WriteChunk` with as many bits as the memories of a machine need."""
    widths = {"space": space_bits(machine), "word": address_bits(machine),
              "chunk": chunk_bits(machine), "data": CHUNK_BITS}
    return StructLayout({name: unsigned(bits) for name, bits in widths.items()})


def code_group(machine: Machine) -> StructLayout:
    """``vector_lanes`` activation codes; ``last`` marks the last group of a vector.

    ``text`` says whose they are, where several share a data path.
    """
    codes = ArrayLayout(signed(CODE_BITS), machine.vector.lanes)
    text = {"text": range(machine.texts)} if machine.shared else {}
    return StructLayout({"codes": codes, "last": 1, **text})


def row_group(machine: Machine) -> StructLayout:
    """Accumulators of ``rows`` matrix rows; ``destination`` is an `encoding.Destination`.

    Where a matrix may have several planes ``shift`` says by how many steps they are shifted.
    """
    values = ArrayLayout(signed(machine.ternary.accumulator_bits), machine.ternary.rows)
    several = {"shift": DELIVERY_BITS} if machine.ternary.planes > 1 else {}
    return StructLayout({"values": values, "destination": 1, **several})


def word_group(machine: Machine) -> ArrayLayout:
    """``vector_lanes`` vector words."""
    return ArrayLayout(signed(machine.vector.word_bits), machine.vector.lanes)


def _layout(fields: Fields) -> StructLayout:
    return StructLayout({name: unsigned(width) for name, width in fields})


def instruction_layout(machine: Machine, name: str) -> StructLayout:
    """Fields of an instruction, header included, least significant first."""
    return _layout(instruction_fields(machine)[name])


def command_fields(machine: Machine, name: str) -> list[str]:
    """The fields of an instruction that its unit takes: all but those of the header."""
    return [field for field, _ in _unit_fields(machine, name)]


def _unit_fields(machine: Machine, name: str) -> Fields:
    return instruction_fields(machine)[name][len(header(machine)):]


def command_layout(machine: Machine, name: str) -> StructLayout:
    """What the unit of an instruction takes of it."""
    return _layout(_unit_fields(machine, name))


def port_command(machine: Machine, port: str) -> StructLayout:
    """The commands of a port of the sequencer: that of its only instruction, or one of several.

    Of several ``which`` says its place in `Machine.ports`, and its fields are under its name in
    small letters; the others mean nothing.
    """
    instructions = machine.ports[port]
    if len(instructions) == 1:
        return command_layout(machine, instructions[0].name)
    return StructLayout({
        "which": unsigned((len(instructions) - 1).bit_length()),
        **{item.name.lower(): command_layout(machine, item.name) for item in instructions},
    })


def matmul_command(machine: Machine) -> StructLayout:
    """A matrix command as the ternary engine takes it."""
    return command_layout(machine, "MATMUL")


def text_block(machine: Machine) -> StructLayout:
    """A block of a matrix command, as a command of its own, and the text that it is of."""
    return StructLayout({"command": matmul_command(machine), "text": range(machine.texts)})


def vector_command(machine: Machine) -> StructLayout:
    """A vector operation whose addresses are resolved; the layer bits have no meaning left."""
    return command_layout(machine, "VECTOR")


def scalar_command(machine: Machine) -> StructLayout:
    """A scalar operation."""
    return command_layout(machine, "SCALAR")


def accumulate_command(machine: Machine) -> StructLayout:
    """Codes of a source into the accumulators."""
    return command_layout(machine, "ACCUMULATE")


def neuron_command(machine: Machine) -> StructLayout:
    """A step of a population."""
    return command_layout(machine, "NEURON")
