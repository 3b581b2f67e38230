"""Where a machine keeps what is large: on the chip, behind AXI4 ports, or in an SDRAM."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, ClassVar

from sterna.errors import InputError
from sterna.machine.sdram import BURST_BEATS, InPart, SdramPart
from sterna.machine.unit import MemorySpec, Part, is_power_of_two

if TYPE_CHECKING:
    from sterna.machine.machine import Machine

AXI_ADDRESS_BITS = 32


class Memory(Part):
    """The memory of the weights of a machine's ternary engine."""

    name = "memory"
    kind: ClassVar[str]
    outside: ClassVar[bool]
    """Whether weights come from outside the chip."""
    can_fail: ClassVar[bool] = False
    """Whether it may answer a read or a write with an error."""
    takes_constants: ClassVar[bool] = False
    """Whether constants may come from there too."""
    filled_by: ClassVar[str] = "link"
    """What ``--weights`` calls the way by which weights come there."""

    @property
    def axi_ports(self) -> int:
        """AXI4 read ports of the accelerator."""
        return 0

    @property
    def driven(self) -> SdramPart | None:
        """The part whose pins the accelerator drives, if any."""
        return None

    @property
    def resident(self) -> int:
        """Weight words kept on the chip although the weights are outside."""
        return 0

    @property
    def holds_constants(self) -> bool:
        """Whether constants come from there too, behind the weights."""
        return False

    def memories(self, machine: Machine) -> tuple[MemorySpec, ...]:
        """What LOAD writes there, or through it."""
        return tuple(item for unit in machine.units for item in unit.weights(machine))

    def area_terms(self, machine: Machine) -> tuple[float, ...]:
        """Those of what gives a ternary engine its weights.

        Read here: one, lanes. Of a controller: one, bits of a beat, bits of a word that a gearbox
        rotates, bits of a word of whole beats.
        """
        return (1, machine.ternary.lanes, 0, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Chip(Memory):
    """Weights in memories of the chip."""

    kind = "chip"
    outside = False


class Outside(Memory, ABC):
    """Beats of ``bits`` bits in bursts, fetched ahead of their use.

    ``resident_words`` weight words are kept on the chip, spread evenly over the token
    (`sterna.machine.weight_words.resident`).
    """

    outside = True
    optional = frozenset({"resident_words"})
    resident_words: int
    prefetch: int

    @property
    def resident(self) -> int:
        return self.resident_words

    @property
    @abstractmethod
    def ports(self) -> int:
        """Ports among which the weights are striped."""

    @property
    @abstractmethod
    def bits(self) -> int:
        """Width of a port."""

    @property
    @abstractmethod
    def burst(self) -> int:
        """Beats of a burst."""

    def check(self, machine: Machine) -> None:
        depth = machine.weight_words
        self.require(self.resident_words < depth, "resident_words",
                     f"less than there are of weights, {depth}")


@dataclass(frozen=True, kw_only=True)
class Axi(Outside):
    """Memories behind AXI4 read ports."""

    kind = "axi"
    can_fail = True
    takes_constants = True

    ports: int = 1
    """AXI4 read ports, a power of two."""
    bits: int = 128
    """Width of a port, from 32 to 512, a power of two."""
    burst: int = 16
    """Beats of a burst, a power of two; a burst has at most 4 kB."""
    prefetch: int = 512
    """Beats that each port fetches ahead, at least two bursts."""
    resident_words: int = 0
    constants: bool = False
    """Whether constants come from there too, behind the weights."""

    def validate(self) -> None:
        self.require(is_power_of_two(self.ports) and self.ports <= 32, "ports",
                     "a power of two of at most 32")
        self.require(is_power_of_two(self.bits) and 32 <= self.bits <= 512, "bits",
                     "a power of two from 32 to 512")
        self.require(is_power_of_two(self.burst) and self.burst <= 256
                     and self.burst * self.bits // 8 <= 4096, "burst",
                     "a power of two of at most 256 beats and 4096 bytes")
        self.require(self.prefetch >= 2 * self.burst, "prefetch",
                     f"at least two bursts, {2 * self.burst}")

    @property
    def holds_constants(self) -> bool:
        return self.constants

    @property
    def axi_ports(self) -> int:
        return self.ports

    def check(self, machine: Machine) -> None:
        super().check(machine)
        region = memory_bytes(machine) // self.ports
        machine.ternary.require(
            region <= (1 << AXI_ADDRESS_BITS) - 8192, "weight_depth",
            f"at most what {AXI_ADDRESS_BITS} address bits reach")


@dataclass(frozen=True, kw_only=True)
class Sdram(InPart, Outside):
    """An SDR SDRAM on a controller of ours, in the accelerator's clock."""

    kind = "sdram"
    filled_by = "sdram"

    part: str = "16m16"
    """The part: a key of `sterna.machine.sdram.PARTS`."""
    hz: int = 75_000_000
    """Clock of the accelerator and of its SDRAM, in hertz, which gives the part's times."""
    prefetch: int = 1024
    """Beats fetched ahead, at least two bursts."""
    resident_words: int = 0

    def validate(self) -> None:
        self.organisation.clocks(self.hz)
        self.require(self.prefetch >= 2 * BURST_BEATS, "prefetch",
                     f"at least two bursts, {2 * BURST_BEATS}")

    def check(self, machine: Machine) -> None:
        super().check(machine)
        part = self.organisation
        machine.ternary.require(
            memory_bytes(machine) <= part.bytes, "weight_depth",
            f"at most what {part.bytes} bytes of {part.name} hold")

    def area_terms(self, machine: Machine) -> tuple[float, ...]:
        return (0, 0, 1, self.bits, *gearbox_terms(self.bits, machine.weight_bytes))

    @property
    def ports(self) -> int:
        return 1

    @property
    def burst(self) -> int:
        return BURST_BEATS


MEMORIES: dict[str, type[Memory]] = {kind.kind: kind for kind in (Chip, Axi, Sdram)}


def read_memory(values: Mapping[str, Any]) -> Memory:
    """The memory of a machine's JSON object. Raises `InputError` for an unknown kind."""
    kind = values["memory"]
    if kind not in MEMORIES:
        raise InputError(f"machine: has a memory {kind}; there are {', '.join(MEMORIES)}")
    return MEMORIES[kind].from_dict(
        {key: value for key, value in values.items() if key != "memory"})


def outside_words(machine: Machine) -> int:
    """Words of weights in the memory outside, if they are there."""
    return machine.weight_words - machine.memory.resident


def constant_base(machine: Machine) -> int:
    """Byte of the first constant in a memory outside: behind the last burst of weights."""
    memory = machine.memory
    assert isinstance(memory, Outside)
    burst = memory.burst * memory.ports * memory.bits // 8
    return ceil(outside_words(machine) * machine.weight_bytes / burst) * burst


def memory_bytes(machine: Machine) -> int:
    """Bytes of weights and constants in a memory outside, all of which a token reads."""
    if not machine.memory.holds_constants:
        return outside_words(machine) * machine.weight_bytes
    vector = machine.vector
    return constant_base(machine) + vector.constant_depth * vector.constant_bytes


def gearbox_terms(beat: int, word_bytes: int, count: int = 1) -> tuple[int, int]:
    """Bits of words that gearboxes rotate, and of those that have whole beats.

    See `sterna_hw.memory.gearbox` and `dense_words`.
    """
    size = beat // 8
    while size > word_bytes:
        size //= 2
    bits = 8 * word_bytes * count
    return (0, bits) if word_bytes % size == 0 else (bits, 0)
