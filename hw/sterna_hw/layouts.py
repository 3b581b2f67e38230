"""Shapes of the payloads that the units exchange, all derived from the configuration."""

from __future__ import annotations

from amaranth.hdl import signed, unsigned
from amaranth.lib.data import ArrayLayout, StructLayout
from sterna.law.arithmetic import CODE_BITS
from sterna.machine import encoding
from sterna.machine.configuration import HardwareConfiguration
from sterna.machine.encoding import (
    Configuration,
    Fields,
    Kind,
    instruction_bits,
    instruction_fields,
)
from sterna.machine.protocol import CHUNK_BITS
from sterna.machine.spiking_configuration import SpikingConfiguration

__all__ = [
    "WriteChunk", "code_group", "row_group", "word_group", "instruction_layout",
    "instruction_bits", "matmul_command", "vector_command", "scalar_command",
    "accumulate_command", "neuron_command",
]


WriteChunk = StructLayout({
    "space": unsigned(3), "word": unsigned(24), "chunk": unsigned(8), "data": unsigned(CHUNK_BITS),
})
"""One 32-bit piece of a memory word that the host loads.

``space`` is a `sterna.machine.protocol.Space`, ``word`` the address in that memory and ``chunk``
the position of ``data`` in the word, least significant first.
"""


def code_group(configuration: HardwareConfiguration) -> StructLayout:
    """``vector_lanes`` activation codes; ``last`` marks the last group of a vector."""
    codes = ArrayLayout(signed(CODE_BITS), configuration.vector_lanes)
    return StructLayout({"codes": codes, "last": 1})


def row_group(configuration: HardwareConfiguration) -> StructLayout:
    """Accumulators of ``rows`` matrix rows; ``destination`` is an `encoding.Destination`."""
    values = ArrayLayout(signed(configuration.accumulator_bits), configuration.rows)
    return StructLayout({"values": values, "destination": 1})


def word_group(configuration: HardwareConfiguration) -> ArrayLayout:
    """``vector_lanes`` vector words."""
    return ArrayLayout(signed(configuration.word_bits), configuration.vector_lanes)


def _layout(fields: Fields) -> StructLayout:
    return StructLayout({name: unsigned(width) for name, width in fields})


def instruction_layout(configuration: Configuration, kind: Kind) -> StructLayout:
    """Fields of an instruction of that kind, header included, least significant first."""
    return _layout(instruction_fields(configuration)[kind])


def matmul_command(configuration: HardwareConfiguration) -> StructLayout:
    """A matrix command as the ternary engine takes it."""
    return _layout(encoding.matmul_fields(configuration))


def vector_command(configuration: HardwareConfiguration) -> StructLayout:
    """A vector operation whose addresses are resolved; the layer bits have no meaning left."""
    return _layout(encoding.vector_fields(configuration))


def scalar_command(configuration: HardwareConfiguration) -> StructLayout:
    """A scalar operation."""
    return _layout(encoding.scalar_fields(configuration))


def accumulate_command(configuration: SpikingConfiguration) -> StructLayout:
    """Codes of a source into the accumulators."""
    return _layout(encoding.accumulate_fields(configuration))


def neuron_command(configuration: SpikingConfiguration) -> StructLayout:
    """A step of a population."""
    return _layout(encoding.neuron_fields(configuration))
