"""In which memory every object of a program lies: chosen by size and bandwidth, and told."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sterna.compiler.fit import Embedding, fit_configuration, row_groups, with_residents
from sterna.errors import InputError
from sterna.machine.configuration import HardwareConfiguration
from sterna.machine.protocol import Space, word_bits, word_depth
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


def placed_objects(program: Program, configuration: HardwareConfiguration,
                   embedding: str) -> list[PlacedObject]:
    """Every object of a program on an accelerator whose depths are fitted to it.

    ``embedding`` is where its rows are, ``host`` or ``chip``.
    """
    def memory(space: Space) -> int:
        return word_depth(configuration, space) * word_bits(configuration, space)

    streams, lanes = configuration.streams, configuration.vector_lanes
    group = lanes * configuration.word_bits
    row = row_groups(program, configuration) * group
    found = [
        *_weights(configuration),
        _constants(configuration, memory(Space.CONSTANTS)),
        PlacedObject("embedding", program.rows * row, CHIP, "all rows fit") if embedding == CHIP
        else PlacedObject("embedding", program.rows * row, HOST,
                          f"one row of {row // 8} bytes a token comes over the link"),
    ]
    if embedding == HOST:
        found.append(PlacedObject("input row", streams * row, CHIP, "the row of the token"))
    found += [
        PlacedObject("state and vectors", 2 * streams * configuration.vector_depth * group, CHIP,
                     "two reads and a write in every clock, at any place; two copies"),
        PlacedObject("tables", streams * lanes * memory(Space.TABLES), CHIP,
                     "looked up in every clock; a copy for each vector lane"),
        PlacedObject("codes", 2 * streams * 8 * configuration.code_depth, CHIP,
                     "read again for every row; two banks"),
        PlacedObject("program", memory(Space.PROGRAM), CHIP, "loops, an instruction in two clocks"),
    ]
    if configuration.weight_source != CHIP:
        beats = configuration.memory_prefetch
        if configuration.constant_source != CHIP:
            beats += 2 * configuration.memory_burst
        queues = beats * configuration.memory_ports * configuration.memory_bits
        found.append(PlacedObject("prefetch", queues, CHIP, "bridges latency and refresh"))
    return found


def _weights(configuration: HardwareConfiguration) -> list[PlacedObject]:
    word = 8 * configuration.weight_bytes
    if configuration.weight_source == CHIP:
        return [PlacedObject("weights", configuration.weight_depth * word, CHIP,
                             "a word in every clock, in order")]
    found = [PlacedObject("weights", configuration.outside_words * word, OUTSIDE,
                          "read once a token, in the order of use")]
    if configuration.resident_words:
        share = configuration.resident_words / configuration.weight_depth
        found.append(PlacedObject(
            "resident weights", configuration.resident_words * word, CHIP,
            f"{share:.1%} of the words, spread evenly: the memory has that much less to deliver"))
    return found


def _constants(configuration: HardwareConfiguration, bits: int) -> PlacedObject:
    if configuration.constant_source == CHIP:
        return PlacedObject("constants", bits, CHIP, "gains and scales, in order; they fit")
    bits = 8 * configuration.constant_depth * configuration.constant_bytes
    share = bits / 8 / configuration.memory_bytes
    return PlacedObject("constants", bits, OUTSIDE,
                        f"gains and scales, in order; {share:.1%} of what a token reads there")


def chip_bits(objects: list[PlacedObject]) -> int:
    """Bits of all objects on the chip."""
    return sum(entry.bits for entry in objects if entry.place == CHIP)


def place(program: Program, base: HardwareConfiguration, capacity: int,
          bytes_per_clock: float, embedding: Embedding = "auto"
          ) -> tuple[HardwareConfiguration, Embedding]:
    """``base`` fitted to a program on a chip of ``capacity`` bits, and where embedding rows are.

    Of an accelerator with a memory outside that delivers ``bytes_per_clock``, what is read at any
    place stays on the chip. If the whole model fits there, the memory outside is not used. Else
    constants go outside when they are large, and as many weights stay on the chip as there is room
    for, but not more than let the memory keep up with the engine. Raises `InputError` when what
    must be on the chip does not fit.
    """
    plain = HardwareConfiguration()
    ports = {name: getattr(plain, name) for name in (
        "memory_ports", "memory_bits", "memory_burst", "memory_prefetch")}
    wholly = replace(base, weight_source=CHIP, constant_source=CHIP, **ports)
    choices: tuple[Embedding, ...] = ("chip", "host") if embedding == "auto" else (embedding,)
    for where in choices:
        whole = fit_configuration(program, wholly, where)
        if chip_bits(placed_objects(program, whole, where)) <= capacity:
            return whole, where
    where = choices[-1]
    fitted = fit_configuration(program, base, where)
    constants = fitted.constant_depth * fitted.vector_lanes * fitted.word_bits
    left = capacity - chip_bits(placed_objects(program, fitted, where))
    if base.weight_source == "axi" and constants > CONSTANT_SHARE * (left + constants):
        fitted = fit_configuration(program, replace(base, constant_source="axi"), where)
        left = capacity - chip_bits(placed_objects(program, fitted, where))
    if left < 0:
        raise InputError(
            f"{program.name}: {-left / 1e6:.1f} Mbit more than the chip's {capacity / 1e6:g} are "
            "needed beside the weights; give a larger chip")
    word = 8 * fitted.weight_bytes
    # Beyond this share the engine is the slower one.
    useful = int(fitted.weight_depth * max(0.0, 1 - bytes_per_clock / fitted.weight_bytes))
    return with_residents(fitted, min(left, useful * word)), where
