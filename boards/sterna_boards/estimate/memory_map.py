"""The memories of an accelerator, and the block RAMs that they take on a family of devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sterna.law.arithmetic import CODE_BITS, EXPONENT_BITS, MANTISSA_BITS
from sterna.machine.configuration import HardwareConfiguration
from sterna.machine.encoding import matmul_fields
from sterna.machine.protocol import CHUNK_BITS, ROW_BITS, Space, word_bits, word_depth

from sterna_boards.parts.block_ram import (
    LUT_RAM_CELLS,
    SCALAR_TABLES,
    SINGLE_PORT_BITS,
    SINGLE_PORT_DEPTH,
    block_rams,
)

_LARGE = (Space.WEIGHTS, Space.CONSTANTS)
"""Memories that go to single-port RAM where there is some."""


@dataclass(frozen=True)
class OnChipMemory:
    """A memory of an accelerator.

    ``used`` words of ``depth`` hold something; ``bits`` is the width of a word; ``copies`` hold the
    same, one for each read port. ``block_rams`` counts all copies; with ``single_port_rams`` it is
    0, as for memories of look-up tables.
    """

    name: str
    used: int
    depth: int
    bits: int
    copies: int
    block_rams: int
    single_port_rams: int = 0


def memory_map(family: str, configuration: HardwareConfiguration,
               used: dict[str, int]) -> list[OnChipMemory]:
    """Every memory that the configuration's depths size; ``used`` gives words by name.

    Tables, vectors and codes are there for each token stream: those are copies too.
    """

    def memory(name: str, depth: int, widths: Sequence[int], copies: int = 1,
               always: bool = False) -> OnChipMemory:
        total = copies * sum(block_rams(family, width, depth, always) for width in widths)
        return OnChipMemory(name, used.get(name, depth), depth, sum(widths), copies, total)

    def chunks(width: int) -> list[int]:
        return [min(CHUNK_BITS, width - start) for start in range(0, width, CHUNK_BITS)]

    def loadable(name: str, space: Space) -> OnChipMemory:
        depth, widths = word_depth(configuration, space), chunks(word_bits(configuration, space))
        if family == "ice40" and space in _LARGE and depth <= SINGLE_PORT_DEPTH:
            rams = sum(-(-width // SINGLE_PORT_BITS) for width in widths)
            return OnChipMemory(name, used.get(name, depth), depth, sum(widths), 1, 0, rams)
        return memory(name, depth, widths)

    group = configuration.vector_lanes * configuration.word_bits
    streams = configuration.streams
    # Tables are filled from thirds of a tile.
    parts = 3 if configuration.lane == "tables" else 1
    tile_bits = (configuration.code_depth // configuration.columns - 1).bit_length()
    if configuration.weight_source == "chip":
        weights = loadable("weights", Space.WEIGHTS)
    else:
        widths = [configuration.memory_bits] * configuration.memory_ports
        weights = memory("weights fetched ahead", configuration.memory_prefetch, widths,
                         always=True)
    vectors = memory("vectors and state", configuration.vector_depth, [group], 2 * streams)
    if (family == "ice40" and configuration.vector_interval == 2
            and configuration.vector_depth <= SINGLE_PORT_DEPTH):
        rams = vectors.copies * -(-group // SINGLE_PORT_BITS)
        vectors = replace(vectors, block_rams=0, single_port_rams=rams)
    return [
        weights,
        loadable("constants", Space.CONSTANTS),
        loadable("input rows", Space.INPUT),
        loadable("program", Space.PROGRAM),
        memory("tables", word_depth(configuration, Space.TABLES), [2 * configuration.word_bits],
               streams * configuration.vector_lanes),
        vectors,
        # Written in parts, for which a block RAM has 32 of its 36 bits.
        memory("codes", 2 << tile_bits + (parts - 1).bit_length(),
               chunks(8 * configuration.columns // parts), streams, always=True),
        *([] if LUT_RAM_CELLS[family] else [
            memory("queues and registers", 16, _queue_widths(configuration), streams,
                   always=True)]),
    ]


def _queue_widths(configuration: HardwareConfiguration) -> list[int]:
    """Of the small memories that are look-up tables where these can be memory.

    Scalar and absmax registers, queues of codes, of matrix commands and of results, accumulators,
    the list of the best and the queue before it.
    """
    row_group = configuration.rows * configuration.accumulator_bits
    entry = configuration.word_bits + ROW_BITS
    return [
        MANTISSA_BITS + EXPONENT_BITS, configuration.word_bits - 1,
        CODE_BITS * configuration.vector_lanes + 1,
        sum(width for _, width in matmul_fields(configuration)),
        row_group + 1, row_group,
        *[entry] * (1 if configuration.compact else 2),
    ]


def block_rams_by_name(family: str, configuration: HardwareConfiguration) -> dict[str, int]:
    """Block RAMs of every memory, those of the scalar unit's tables included."""
    memories = memory_map(family, configuration, {})
    return {memory.name: memory.block_rams for memory in memories} | {
        "scalar tables": configuration.streams * SCALAR_TABLES[family]}


def total_block_rams(family: str, memories: Sequence[OnChipMemory], streams: int = 1) -> int:
    """Block RAMs of a whole accelerator of so many token streams with these memories."""
    return streams * SCALAR_TABLES[family] + sum(memory.block_rams for memory in memories)


def total_single_port_rams(memories: Sequence[OnChipMemory]) -> int:
    """Single-port RAMs of these memories."""
    return sum(memory.single_port_rams for memory in memories)
