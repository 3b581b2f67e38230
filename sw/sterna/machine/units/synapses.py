"""The synapses: codes of a source times their weights, source after source, silent ones skipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sterna.machine.unit import Counter, Fields, Instruction, MemorySpec, Unit
from sterna.machine.units.vector import LENGTH_BITS

if TYPE_CHECKING:
    from sterna.machine.machine import Machine

GROUP_BITS = 10
PORT = "populations"
"""Commands for synapses and neurons, in their order."""
_RANGES = {"lanes": (1, 1 << 12), "weight_bits": (2, 16), "taps": (1, 256),
           "accumulator_bits": (4, 32)}


def address_bits(depth: int) -> int:
    """Bits of an address of so many words."""
    return max(1, (depth - 1).bit_length())


@dataclass(frozen=True, kw_only=True)
class Synapses(Unit):
    """``lanes`` synapses accumulated a clock, for the populations of `Neurons`."""

    name = "synapse"
    skips = True

    lanes: int = 16
    """Synapses accumulated a clock; a multiple of the neuron lanes."""
    weight_bits: int = 8
    """Width of a weight, the integer that its ternary planes stand for."""
    taps: int = 1
    """Steps of codes that are kept of every source; above 1 each synapse names the one it reads."""
    accumulator_bits: int = 20
    weight_depth: int = 1024
    accumulator_depth: int = 16
    """Groups of ``lanes`` targets that a population may have."""

    def validate(self) -> None:
        for name, (low, high) in _RANGES.items():
            self.require(low <= getattr(self, name) <= high, name, f"{low} to {high}")

    def check(self, machine: Machine) -> None:
        lanes = machine.neurons.lanes
        self.require(self.lanes % lanes == 0, "lanes", f"a multiple of neuron_lanes, {lanes}")

    @property
    def weights_a_clock(self) -> int:
        return self.lanes

    @property
    def tap_bits(self) -> int:
        """Bits by which a synapse names the step that it reads."""
        return (self.taps - 1).bit_length()

    @property
    def weight_word_bits(self) -> int:
        """Bits of a weight word: ``lanes`` weights, and above them ``lanes`` taps."""
        return self.lanes * (self.weight_bits + self.tap_bits)

    def fields(self, machine: Machine) -> Fields:
        """Fields of ACCUMULATE.

        The ``sources`` codes from word ``codes`` of the code memory on, in order, are multiplied by
        their weights. Source ``k`` has ``groups`` weight words from ``weights + k * groups`` on;
        word ``g`` goes to accumulator group ``g``. With ``skip`` sources that were silent are left
        out.
        """
        return (("codes", address_bits(machine.neurons.code_depth)), ("sources", LENGTH_BITS),
                ("weights", address_bits(self.weight_depth)), ("groups", GROUP_BITS),
                ("skip", 1))

    def instructions(self, machine: Machine) -> tuple[Instruction, ...]:
        return (Instruction("ACCUMULATE", self.fields(machine),
                            "codes of a source into the accumulators, times their weights",
                            port=PORT),)

    def memories(self, machine: Machine) -> tuple[MemorySpec, ...]:
        del machine
        return (MemorySpec("synapses", self.weight_word_bits, self.weight_depth),)

    def counters(self, machine: Machine) -> tuple[Counter, ...]:
        return Counter("busy"), Counter("events"), Counter("sources", machine.neurons.lanes)
