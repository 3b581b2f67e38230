"""In which memory every object of a program lies: chosen by size and bandwidth, and told."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.compiler.fit import fit_machine, with_residents
from sterna.compiler.rows import Embedding, row_groups
from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.machine.memory import Chip, memory_bytes, outside_words
from sterna.machine.protocol import Space, word_bits, word_depth
from sterna.machine.sequencer import INSTRUCTION_CLOCKS
from sterna.program.definition import Program

CONSTANT_SHARE = 0.25
"""Most of the chip's free memory that constants take: they cost a memory outside about 1 %."""
CHIP, OUTSIDE, HOST = "chip", "memory", "host"


@dataclass(frozen=True)
class PlacedObject:
    """An object, its size in bits with all copies, where it lies, and why there."""

    name: str
    bits: int
    place: str
    why: str


def placed_objects(program: Program, machine: Machine,
                   embedding: str) -> list[PlacedObject]:
    """Every object of a program on an accelerator whose depths are fitted to it.

    ``embedding`` is where its rows are, ``host``, ``chip`` or ``memory``.
    """
    def memory(space: Space) -> int:
        return word_depth(machine, space) * word_bits(machine, space)

    streams, paths = machine.streams, machine.paths
    lanes = machine.vector.lanes
    group = lanes * machine.vector.word_bits
    row = row_groups(program, machine) * group
    found = [
        *_weights(machine),
        _constants(machine, memory(Space.CONSTANTS)),
        *_rows(program, machine, embedding, row),
    ]
    found += [
        PlacedObject("state and vectors", 2 * streams * machine.vector.depth * group, CHIP,
                     "two reads and a write in every clock, at any place; two copies"),
        PlacedObject("tables", paths * lanes * memory(Space.TABLES), CHIP,
                     "looked up in every clock; a copy for each vector lane"),
        PlacedObject("codes", 2 * streams * 8 * machine.ternary.code_depth, CHIP,
                     "read again for every row; two banks"),
        PlacedObject("program", memory(Space.PROGRAM), CHIP,
                     f"loops, an instruction in {INSTRUCTION_CLOCKS} clocks"),
    ]
    if machine.memory.outside:
        beats = machine.outside.prefetch
        if machine.memory.holds_constants:
            beats += 2 * machine.outside.burst
        queues = beats * machine.outside.ports * machine.outside.bits
        found.append(PlacedObject("prefetch", queues, CHIP, "bridges latency and refresh"))
    return found


def _weights(machine: Machine) -> list[PlacedObject]:
    word = 8 * machine.weight_bytes
    if not machine.memory.outside:
        return [PlacedObject("weights", machine.ternary.weight_depth * word, CHIP,
                             "a word in every clock, in order")]
    found = [PlacedObject("weights", outside_words(machine) * word, OUTSIDE,
                          "read once a token, in the order of use")]
    if machine.memory.resident:
        share = machine.memory.resident / machine.weight_words
        found.append(PlacedObject(
            "resident weights", machine.memory.resident * word, CHIP,
            f"{share:.1%} of the words, spread evenly: the memory has that much less to deliver"))
    return found


def _rows(program: Program, machine: Machine, embedding: str, row: int) -> list[PlacedObject]:
    """The embedding, in rows of so many bits, and what of it is beside its memory."""
    if embedding == CHIP:
        return [PlacedObject("embedding", program.rows * row, CHIP, "all rows fit")]
    kept = PlacedObject("input row", machine.streams * row, CHIP, "the row of the token")
    if embedding == HOST:
        return [PlacedObject("embedding", program.rows * row, HOST,
                             f"one row of {row // 8} bytes a token comes over the link"), kept]
    size = row_groups(program, machine) * machine.vector.constant_bytes
    behind = ", behind what else is there" if machine.memory.outside else ""
    return [PlacedObject("embedding", 8 * program.rows * size, OUTSIDE,
                         f"one row of {size} bytes a token{behind}"), kept]


def _constants(machine: Machine, bits: int) -> PlacedObject:
    if not machine.memory.holds_constants:
        return PlacedObject("constants", bits, CHIP, "gains and scales, in order; they fit")
    bits = 8 * machine.vector.constant_depth * machine.vector.constant_bytes
    share = bits / 8 / memory_bytes(machine)
    return PlacedObject("constants", bits, OUTSIDE,
                        f"gains and scales, in order; {share:.1%} of what a token reads there")


def chip_bits(objects: list[PlacedObject]) -> int:
    """Bits of all objects on the chip."""
    return sum(entry.bits for entry in objects if entry.place == CHIP)


def place(program: Program, base: Machine, capacity: int,
          bytes_per_clock: float, embedding: Embedding = "auto"
          ) -> tuple[Machine, Embedding]:
    """``base`` fitted to a program on a chip of ``capacity`` bits, and where embedding rows are.

    Of an accelerator with a memory outside that delivers ``bytes_per_clock``, what is read at any
    place stays on the chip. If the whole model fits there, the memory outside is not used. Else
    constants go outside when they are large, and as many weights stay on the chip as there is room
    for, but not more than let the memory keep up with the engine. Raises `InputError` when what
    must be on the chip does not fit.
    """
    choices: tuple[Embedding, ...] = ("chip", "host") if embedding == "auto" else (embedding,)
    if base.row_memory.outside:
        choices = ("memory",)  # which is then used, whatever else would fit on the chip
    wholly = base if base.row_memory.outside else base.having(memory=Chip())
    for where in choices if wholly is not base else ():
        whole = fit_machine(program, wholly, where)
        if chip_bits(placed_objects(program, whole, where)) <= capacity:
            return whole, where
    where = choices[-1]
    fitted = fit_machine(program, base, where)
    constants = fitted.vector.constant_depth * fitted.vector.lanes * fitted.vector.word_bits
    left = capacity - chip_bits(placed_objects(program, fitted, where))
    if base.memory.takes_constants and constants > CONSTANT_SHARE * (left + constants):
        fitted = fit_machine(program, base.having(memory_constants=True), where)
        left = capacity - chip_bits(placed_objects(program, fitted, where))
    if left < 0:
        raise InputError(
            f"{program.name}: {-left / 1e6:.1f} Mbit more than the chip's {capacity / 1e6:g} are "
            "needed beside the weights; give a larger chip")
    word = 8 * fitted.weight_bytes
    # Beyond this share the engine is the slower one.
    taken = word / 8 * fitted.weight_words / fitted.ternary.weight_depth
    useful = int(fitted.weight_words * max(0.0, 1 - bytes_per_clock / taken))
    return with_residents(fitted, min(left, useful * word)), where
