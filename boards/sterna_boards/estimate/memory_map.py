"""The memories of a machine: those of its units, and the block RAMs that they take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sterna.law.arithmetic import CODE_BITS, EXPONENT_BITS, MANTISSA_BITS
from sterna.machine.banks import bank_edges
from sterna.machine.generation import HEADER, ID_BYTES, REQUEST_BYTES, most_given
from sterna.machine.protocol import CHUNK_BITS, Space, input_space, word_chunks, word_depth
from sterna.machine.row_memory import row_beats
from sterna.machine.units.generate import MOST_ENDS, WAITING_BYTES
from sterna.machine.units.head import ROW_BITS
from sterna.machine.units.matrix import sum_bits
from sterna.machine.units.neurons import RESULT_BITS, history_bits
from sterna.machine.units.ternary import result_room

from sterna_boards.estimate.on_chip import Mapper, OnChipMemory, chunks
from sterna_boards.parts.block_ram import LUT_RAM_CELLS, SINGLE_PORT_DEPTH

_ORDER = ("weights", "weights fetched ahead", "resident weights", "synapse weights", "windows",
          "constants", "constants fetched ahead", "neuron parameters",
          "input rows", "rows fetched", "input", "program", "tables", "vectors and state",
          "matrix states", "operands", "row sums", "codes",
          "past codes", "given codes", "accumulators", "row groups of texts", "states", "results",
          "states of texts", "ids of texts", "candidates", "frame", "waiting bytes",
          "program of texts",
          "queues and registers")
"""In which they are listed: what LOAD writes comes first."""
SEQUENCER = "sequencer"
"""Whose the program is."""
_LARGE_DEPTH = 4096
"""Words from which `sterna_hw.memory.storage` asks for RAMs of 288 kbit."""


def memory_map(family: str, machine: Any, used: Mapping[str, int],
               large_rams: bool = False) -> list[OnChipMemory]:
    """Every memory that the machine's depths size; ``used`` gives words by name.

    Tables, vectors and codes are there for each token stream: those are copies too. Of units of
    other packages it is what LOAD writes. ``large_rams`` is as of `Mapper`.
    """
    mapper = Mapper(family, machine, used, large_rams)
    found = [replace(mapper.loadable("program", Space.PROGRAM), unit=SEQUENCER)]
    for unit in machine.units:
        own = (_MEMORIES[unit.name](mapper) if unit.name in _MEMORIES else
               [mapper.loadable(one.name, one.name) for one in unit.memories(machine)])
        found += [replace(memory, unit=unit.name) for memory in own]
    return sorted(found, key=_place)


def _place(memory: OnChipMemory) -> int:
    name = memory.name.rstrip("0123456789 ")
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _ternary(mapper: Mapper) -> list[OnChipMemory]:
    machine = mapper.machine
    # Tables are filled from thirds of a tile.
    parts = 3 if machine.ternary.has_tables else 1
    tile_bits = (machine.ternary.code_depth // machine.ternary.columns - 1).bit_length()
    if not machine.memory.outside:
        weights = [mapper.loadable("weights", Space.WEIGHTS, large=True,
                                   parts=machine.ternary.rows if parts > 1 else 1)]
    else:
        weights = [_fetched(mapper, "weights fetched ahead", machine.outside.prefetch)]
        if machine.memory.resident:
            bits, resident = 8 * machine.weight_bytes, machine.memory.resident
            weights.append(mapper.memory(
                "resident weights", resident,
                [end - start for start, end in bank_edges(bits, resident, mapper.family)]))
    queues = [] if LUT_RAM_CELLS[mapper.family] else [
        mapper.memory("queues and registers", 16, _queue_widths(machine), machine.streams,
                      always=True)]
    ternary = machine.ternary
    deep = [mapper.memory("accumulators", ternary.block_groups,
                          [ternary.rows * ternary.accumulator_bits],
                          machine.paths, always=True)] if ternary.deep_accumulators else []
    if deep and machine.shared:
        deep.append(mapper.memory("row groups of texts", result_room(machine),
                                  [ternary.rows * ternary.accumulator_bits + 1],
                                  machine.texts, always=True))
    return [
        *weights,
        # Written in parts, for which a block RAM has 32 of its 36 bits.
        mapper.memory("codes", 2 * machine.texts << tile_bits + (parts - 1).bit_length(),
                      chunks(8 * machine.ternary.columns // parts), machine.paths, always=True),
        *queues, *deep,
    ]


def _fetched(mapper: Mapper, name: str, beats: int) -> OnChipMemory:
    """So many beats of every port, which leave a queue in block RAM."""
    outside = mapper.machine.outside
    return mapper.memory(name, beats, [outside.bits] * outside.ports, always=True)


def _queue_widths(machine: Any) -> list[int]:
    """Of the small memories that are look-up tables where these can be memory.

    Scalar and absmax registers, queues of codes, of matrix commands and of results, accumulators,
    the list of the best and the queue before it.
    """
    row_group = machine.ternary.rows * machine.ternary.accumulator_bits
    best = machine.vector.word_bits + ROW_BITS
    return [
        MANTISSA_BITS + EXPONENT_BITS, machine.vector.word_bits - 1,
        CODE_BITS * machine.vector.lanes + 1,
        sum(width for _, width in machine.ternary.fields(machine)),
        row_group + 1, row_group,
        *[best] * (1 if machine.compact else 2),
    ]


def _vector(mapper: Mapper) -> list[OnChipMemory]:
    machine = mapper.machine
    group, paths = machine.vector.lanes * machine.vector.word_bits, machine.paths
    single = (mapper.family == "ice40" and machine.vector.interval == 2
              and machine.vector.depth <= SINGLE_PORT_DEPTH)
    vectors = mapper.in_single_port_rams if single else mapper.memory
    if mapper.large_rams and machine.vector.depth * machine.texts >= _LARGE_DEPTH:
        vectors = mapper.in_large_rams
    constants = (_fetched(mapper, "constants fetched ahead", 2 * machine.outside.burst)
                 if machine.memory.holds_constants
                 else mapper.loadable("constants", Space.CONSTANTS, large=True))
    return [
        constants,
        _rows(mapper),
        mapper.memory("tables", word_depth(machine, Space.TABLES), [2 * machine.vector.word_bits],
                      paths * machine.vector.lanes),
        vectors("vectors and state", machine.vector.depth * machine.texts, [group], 2 * paths),
    ]


def _rows(mapper: Mapper) -> OnChipMemory:
    """Of INPUT: all that there are, or those of a RUN, which leave queues in block RAM."""
    machine = mapper.machine
    if not machine.row_memory.outside:
        return mapper.loadable("input rows", Space.INPUT)
    part = machine.driven
    ports, bits = (1, part.bits) if part else (machine.outside.ports, machine.outside.bits)
    return mapper.memory("rows fetched", row_beats(machine) // ports, [bits] * ports,
                         machine.streams, always=True)


def _synapse(mapper: Mapper) -> list[OnChipMemory]:
    machine = mapper.machine
    windows = [mapper.loadable("windows", Space.WINDOWS)] if machine.synapses.window_depth else []
    return [
        mapper.loadable("synapse weights", Space.SYNAPSES, large=True), *windows,
        mapper.shallow("accumulators", machine.synapses.accumulator_depth,
                       machine.synapses.lanes * machine.synapses.accumulator_bits),
    ]


def _neuron(mapper: Mapper) -> list[OnChipMemory]:
    machine, width = mapper.machine, mapper.machine.neurons.lanes
    neurons = machine.neurons
    found = [mapper.loadable("neuron parameters", Space.NEURONS)]
    if neurons.input_depth:
        found.append(mapper.loadable("input", input_space(machine, codes=True)))
    shallow = [("past codes", neurons.code_depth, width * history_bits(machine)),
               *((f"states {number}", kind.groups, width * kind.state_bits)
                 for number, kind in enumerate(neurons.kinds)),
               ("results", -(-neurons.outputs // width), width * RESULT_BITS)]
    if neurons.given_depth:
        shallow.append(("given codes", neurons.given_depth,
                        machine.vector.lanes * neurons.code_bits))
    return found + [mapper.shallow(name, depth, bits) for name, depth, bits in shallow if depth]


def _matrix(mapper: Mapper) -> list[OnChipMemory]:
    """Cells, the operands of a pass side by side, and sums of rows that are read by columns."""
    machine, unit = mapper.machine, mapper.machine.matrix
    large = mapper.large_rams and unit.depth >= _LARGE_DEPTH
    states = mapper.in_large_rams if large else mapper.memory
    found = [
        states("matrix states", unit.depth, [unit.lanes * machine.vector.word_bits],
               machine.streams),
        mapper.shallow("operands", unit.operand_depth,
                       machine.streams * unit.operands * machine.vector.group_bits),
    ]
    if unit.by_columns:
        found.append(mapper.shallow("row sums", unit.rows, machine.streams * sum_bits(machine)))
    return found


def _generate(mapper: Mapper) -> list[OnChipMemory]:
    """Two states of each token stream in pieces, ids of windows, words of heads, a frame, what
    comes behind it, and what answers it."""
    machine, unit = mapper.machine, mapper.machine.generates
    pieces = sum(words * word_chunks(machine, spec.name) for stream in range(machine.streams)
                 for spec, words in unit.slot(machine, stream))
    frame = HEADER.size + REQUEST_BYTES + ID_BYTES * (MOST_ENDS + most_given(unit.window))
    ids = machine.streams << (unit.window - 1).bit_length()
    heads = machine.streams << (machine.head.result_words(machine) - 1).bit_length()
    return [mapper.memory("states of texts", 2 * pieces, [CHUNK_BITS]),
            mapper.memory("ids of texts", ids, [unit.row_bits(machine)]),
            mapper.memory("candidates", heads, [CHUNK_BITS]),
            mapper.memory("frame", 1 << (frame - 1).bit_length(), [8]),
            mapper.memory("waiting bytes", WAITING_BYTES, [8], always=True),
            mapper.memory("program of texts", unit.program_words(machine), [CHUNK_BITS],
                          always=True)]


def _none(mapper: Mapper) -> list[OnChipMemory]:
    """Its memories are small, or of one size: queues and registers, `SCALAR_TABLES`."""
    del mapper
    return []


_MEMORIES: dict[str, Callable[[Mapper], list[OnChipMemory]]] = {
    "ternary": _ternary, "vector": _vector, "synapse": _synapse, "neuron": _neuron,
    "matrix": _matrix, "scalar": _none, "loops": _none, "head": _none, "generate": _generate,
}
