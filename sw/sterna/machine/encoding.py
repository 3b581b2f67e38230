"""Machine instructions: bit fields of the words in the program memory.

Compiler and sequencer both build on `instruction_fields`; nothing else knows bit positions.
An instruction is one word; fields are packed from the least significant bit in the order listed.

The sequencer keeps two address offsets, zero at the start of a run: ``inner`` and ``outer``. An
address in vector memory is ``base + inner + (outer if its layer bit is set)``, modulo the memory.

| kind | meaning |
|--|--|
| END | wait until every unit is idle, then report |
| VECTOR | a vector operation over ``length`` groups |
| SCALAR | a scalar operation |
| MATMUL | dispatch a matrix command to the ternary engine's queue |
| REPEAT | repeat the instructions up to the one whose ``ends`` bit closes the level |
| ACCUMULATE | codes of a source into the accumulators, times their weights |
| NEURON | one step of the neurons of a population, or another way to new codes |

END is common to all accelerators; ACCUMULATE and NEURON belong to spiking ones, the others to those
of language models.

A repeated part runs ``count`` times; the level's offset grows by ``step`` after each time and
returns to 0 after the last.
Level 0 is the inner loop, level 1 the outer. A REPEAT of level 0 may sit inside one of level 1. Bit
``n`` of ``ends`` closes level ``n``; an instruction may close both (inner first), a REPEAT none.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from sterna.machine.configuration import HardwareConfiguration
from sterna.machine.spiking_configuration import SpikingConfiguration

Configuration = HardwareConfiguration | SpikingConfiguration
"""What shapes an accelerator of either kind."""
Fields = tuple[tuple[str, int], ...]


class Kind(IntEnum):
    """Instruction kinds (field ``kind``)."""

    END = 0
    VECTOR = 1
    SCALAR = 2
    MATMUL = 3
    REPEAT = 4
    ACCUMULATE = 5
    NEURON = 6


class SourceA(IntEnum):
    """First operand of a vector operation."""

    MEMORY = 0
    ACCUMULATORS = 1
    INPUT = 2


class MultiplierSelect(IntEnum):
    """Second factor of a vector operation."""

    MEMORY = 0
    """Port b of the vector memory."""
    CONSTANT = 1
    """Next group of the constant stream."""
    SCALAR = 2
    SCALAR_NEGATIVE = 3
    ONE = 4
    MINUS_ONE = 5
    ZERO = 6
    TABLE = 7
    """Look-up: a is replaced by its fraction, the factor is the slope, the addend the base."""


class Wait(IntEnum):
    """What a vector instruction waits for before its first group issues."""

    NONE = 0
    CHAIN = 1
    """Group g may read what group g of any earlier instruction of at least this length wrote."""
    DRAIN = 2
    """Every earlier result is written."""


class Destination(IntEnum):
    """Where the accumulators of a matrix command go."""

    VECTOR = 0
    HEAD = 1


class ScalarCode(IntEnum):
    """Operations of the scalar unit (field ``operation``)."""

    ABSMAX = 0
    """result = normalise(absmax register a), register cleared."""
    SQUARES = 1
    """result = normalise(squares register a), register cleared."""
    CONSTANT = 2
    """result = next two words of the constant stream, mantissa and exponent: the first of a group,
    or two groups of a single lane."""
    MULTIPLY = 3
    ADD = 4
    CODE_SCALE = 5
    RSQRT = 6


LENGTH_BITS = 13
COUNT_BITS = 16
GROUP_BITS = 10
UNIT_BITS = 3


def vector_fields(configuration: HardwareConfiguration) -> Fields:
    """Fields of a VECTOR instruction after ``kind`` and ``ends``."""
    address = configuration.address_bits
    return (
        ("length", LENGTH_BITS),
        ("a_source", 2), ("a_address", address), ("a_layer", 1),
        ("b_address", address), ("b_layer", 1),
        ("multiplier", 3), ("add_b", 1),
        ("shift", 4),                      # in steps of 4; ignored for scalar multipliers
        ("scalar", 4), ("table", 2),
        ("write", 1), ("result_address", address), ("result_layer", 1),
        ("codes", 1),                      # the result, clamped to a code, goes to the engine
        ("absmax", 1), ("absmax_register", 2),
        ("squares", 1), ("squares_register", 1),
        ("wait", 2),
        # previous: in a chained data path, a comes from the data path before; state: the result
        # goes to the next data path, if that is chained.
        *((("previous", 1), ("state", 1)) if configuration.streams > 1 else ()),
    )


def scalar_fields(configuration: HardwareConfiguration) -> Fields:
    """Fields of a SCALAR instruction after ``kind`` and ``ends``."""
    del configuration
    return (("operation", 3), ("result", 4), ("a", 4), ("b", 4))


def matmul_fields(configuration: HardwareConfiguration) -> Fields:
    """Fields of a MATMUL instruction after ``kind`` and ``ends``.

    Weights are consumed in the order: for each of ``blocks`` blocks, for each of ``tiles`` column
    tiles, for each of ``groups`` row groups of the block, one weight word (``rows`` x ``columns``
    trits, trit ``row * columns + column``). After the last tile the block's row groups leave in
    order. ``release`` frees the code bank after the command: the next command uses the next codes.
    """
    return (("groups", configuration.block_groups.bit_length()), ("blocks", COUNT_BITS),
            ("tiles", configuration.tiles.bit_length()), ("release", 1), ("destination", 1))


def repeat_fields(configuration: HardwareConfiguration) -> Fields:
    """Fields of a REPEAT instruction after ``kind`` and ``ends``."""
    return (("level", 1), ("count", COUNT_BITS), ("step", configuration.address_bits))


def accumulate_fields(configuration: SpikingConfiguration) -> Fields:
    """Fields of an ACCUMULATE instruction after ``kind`` and ``ends``.

    The ``sources`` codes from word ``codes`` of the code memory on, in order, are multiplied by
    their weights. Source ``k`` has ``groups`` weight words from ``weights + k * groups`` on; word
    ``g`` goes to accumulator group ``g``. With ``skip`` sources that were silent are left out.
    """
    return (("codes", _address_bits(configuration.code_depth)), ("sources", LENGTH_BITS),
            ("weights", _address_bits(configuration.weight_depth)), ("groups", GROUP_BITS),
            ("skip", 1))


def neuron_fields(configuration: SpikingConfiguration) -> Fields:
    """Fields of a NEURON instruction after ``kind`` and ``ends``.

    ``groups`` groups of new codes enter the delay lines from word ``codes`` of the code memory on.
    They come from the input (``unit`` 0), or from LIF engine ``unit - 1``, which takes the
    accumulators from group 0 on and leaves them zero. ``store`` and ``result`` say where its
    outputs go: codes, the step's results. ``clear`` stands alone: the words become zero, and so do
    the states of all neurons.
    """
    return (("unit", UNIT_BITS), ("codes", _address_bits(configuration.code_depth)),
            ("groups", LENGTH_BITS), ("store", 1), ("result", 1), ("clear", 1))


def _address_bits(depth: int) -> int:
    return max(1, (depth - 1).bit_length())


HEADER: Fields = (("kind", 3), ("ends", 2))


def instruction_fields(configuration: Configuration) -> Mapping[Kind, Fields]:
    """All fields of each instruction kind that the accelerator knows, least significant first,
    header included."""
    if isinstance(configuration, SpikingConfiguration):
        return {
            Kind.END: HEADER,
            Kind.ACCUMULATE: HEADER + accumulate_fields(configuration),
            Kind.NEURON: HEADER + neuron_fields(configuration),
        }
    return {
        Kind.END: HEADER,
        Kind.VECTOR: HEADER + vector_fields(configuration),
        Kind.SCALAR: HEADER + scalar_fields(configuration),
        Kind.MATMUL: HEADER + matmul_fields(configuration),
        Kind.REPEAT: HEADER + repeat_fields(configuration),
    }


def instruction_bits(configuration: Configuration) -> int:
    """Width of an instruction word."""
    kinds = instruction_fields(configuration).values()
    return max(sum(width for _, width in fields) for fields in kinds)


def encode(configuration: Configuration, kind: Kind, **values: int) -> int:
    """Pack one instruction; absent fields are zero.

    Raises ValueError when a value does not fit its field or a REPEAT is to close a level, and
    KeyError for an unknown field.
    """
    if kind == Kind.REPEAT and values.get("ends"):
        raise ValueError("repeat instruction: closes no level, ends must be 0")
    word, position, left = 0, 0, dict(values, kind=int(kind))
    for name, width in instruction_fields(configuration)[kind]:
        value = int(left.pop(name, 0))
        if not 0 <= value < 1 << width:
            kind_name = kind.name.lower()
            raise ValueError(f"{kind_name} instruction: {name} = {value} exceeds {width} bits")
        word |= value << position
        position += width
    if left:
        raise KeyError(f"{kind.name.lower()} instruction has no field {', '.join(left)}")
    return word


def decode(configuration: Configuration, word: int) -> tuple[Kind, dict[str, int]]:
    """Unpack one instruction into its kind and fields."""
    kind = Kind(word & 7)
    values, position = {}, 0
    for name, width in instruction_fields(configuration)[kind]:
        values[name] = word >> position & ((1 << width) - 1)
        position += width
    return kind, values
