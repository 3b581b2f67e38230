"""Where a machine keeps the rows of INPUT: on the chip, or in a memory outside."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, gcd
from typing import TYPE_CHECKING, Any, ClassVar

from sterna.errors import InputError
from sterna.machine.memory import AXI_ADDRESS_BITS, gearbox_terms, memory_bytes
from sterna.machine.sdram import BURST_BEATS, InPart, SdramPart
from sterna.machine.unit import Part

if TYPE_CHECKING:
    from sterna.machine.machine import Machine


class RowMemory(Part):
    """The memory of the words with which a RUN begins (`Space.INPUT`)."""

    name = "row_memory"
    kind: ClassVar[str]
    outside: ClassVar[bool]
    """Whether they come from outside the chip."""

    @property
    def driven(self) -> SdramPart | None:
        """The part, other than that of the weights, whose pins the accelerator drives, if any."""
        return None

    def area_terms(self, machine: Machine) -> tuple[float, ...]:
        """What it adds to `sterna.machine.memory.Memory.area_terms`."""
        del machine
        return (0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class RowsOnChip(RowMemory):
    """Rows in block RAM: all of them, or those that the host sends before a RUN."""

    kind = "chip"
    outside = False


@dataclass(frozen=True, kw_only=True)
class RowsOutside(RowMemory, ABC):
    """Rows in a memory outside, word after word in whole bytes, without padding.

    A RUN fetches the row of each token stream when it begins; each has a queue for a row.
    """

    outside = True

    row_groups: int = 64
    """Most words of a row."""

    def check(self, machine: Machine) -> None:
        machine.unit("vector")


@dataclass(frozen=True, kw_only=True)
class RowsInSdram(InPart, RowsOutside):
    """An SDR SDRAM on a controller of ours, of a machine that has its weights on the chip."""

    kind = "sdram"

    part: str = "16m16"
    """The part: a key of `sterna.machine.sdram.PARTS`."""
    hz: int = 75_000_000
    """Clock of the accelerator and of its SDRAM, in hertz, which gives the part's times."""

    def validate(self) -> None:
        self.organisation.clocks(self.hz)

    def check(self, machine: Machine) -> None:
        super().check(machine)
        self.require(not machine.memory.outside, "part",
                     "that of the weights, where these are outside too: take rows of kind memory")
        _require_room(machine, self.organisation)

    def area_terms(self, machine: Machine) -> tuple[float, ...]:
        return (0, 0, 1, self.bits, *gearbox_terms(self.bits, machine.vector.constant_bytes,
                                                   machine.streams))


@dataclass(frozen=True, kw_only=True)
class RowsBesideWeights(RowsOutside):
    """Behind what the memory of the weights holds, which is outside."""

    kind = "memory"

    def check(self, machine: Machine) -> None:
        super().check(machine)
        there = machine.outside
        if there.driven is not None:
            _require_room(machine, there.driven)
        else:
            machine.vector.require(
                held_bytes(machine) // there.ports <= (1 << AXI_ADDRESS_BITS) - 8192,
                "input_depth", f"at most what {AXI_ADDRESS_BITS} address bits reach")

    def area_terms(self, machine: Machine) -> tuple[float, ...]:
        beat = machine.outside.bits * machine.outside.ports
        return (0, 0, 0, 0, *gearbox_terms(beat, machine.vector.constant_bytes, machine.streams))


ROW_MEMORIES: dict[str, type[RowMemory]] = {
    kind.kind: kind for kind in (RowsOnChip, RowsInSdram, RowsBesideWeights)}


def read_row_memory(values: Mapping[str, Any]) -> RowMemory:
    """The same of a machine's JSON object. Raises `InputError` for an unknown kind."""
    kind = values["row_memory"]
    if kind not in ROW_MEMORIES:
        raise InputError(f"machine: has a row memory {kind}; there are {', '.join(ROW_MEMORIES)}")
    return ROW_MEMORIES[kind].from_dict(
        {key: value for key, value in values.items() if key != "row_memory"})


def _require_room(machine: Machine, part: SdramPart) -> None:
    machine.vector.require(
        row_base(machine) + row_bytes(machine) <= part.bytes, "input_depth",
        f"at most what {part.bytes} bytes of {part.name} hold beside weights")


def row_burst_bytes(machine: Machine) -> int:
    """Bytes of a burst of the memory that has the rows, of all its ports."""
    part = machine.driven
    if part is not None:
        return BURST_BEATS * part.bits // 8
    memory = machine.outside
    return memory.burst * memory.ports * memory.bits // 8


def row_period(machine: Machine) -> int:
    """Words from one that begins with a burst to the next, a power of two."""
    burst = row_burst_bytes(machine)
    return burst // gcd(burst, machine.vector.constant_bytes)


def row_beats(machine: Machine) -> int:
    """Most beats that are fetched for a row: whole bursts from a word that begins with one on."""
    burst = row_burst_bytes(machine)
    words = row_period(machine) - 1 + machine.value("row_memory_row_groups")
    bits = machine.driven.bits if machine.driven else machine.outside.bits
    return ceil(words * machine.vector.constant_bytes / burst) * burst * 8 // bits


def row_base(machine: Machine) -> int:
    """Byte of the first row in the memory outside: behind the last burst of what is read there."""
    if not machine.memory.outside:
        return 0
    burst = row_burst_bytes(machine)
    return ceil(memory_bytes(machine) / burst) * burst


def row_bytes(machine: Machine) -> int:
    """Bytes of all rows in a memory outside."""
    return machine.vector.input_depth * machine.vector.constant_bytes


def held_bytes(machine: Machine) -> int:
    """Bytes that a memory outside holds: weights and constants, all of which a token reads, and
    rows, of which it reads one."""
    weights = memory_bytes(machine) if machine.memory.outside else 0
    if not machine.row_memory.outside:
        return weights
    return row_base(machine) + row_bytes(machine)
