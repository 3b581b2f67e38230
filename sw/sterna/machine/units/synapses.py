"""The synapses: codes of a source times their weights, source after source, silent ones skipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sterna.machine.unit import (
    Counter,
    Fields,
    Instruction,
    MemorySpec,
    Unit,
    is_power_of_two,
)
from sterna.machine.units.vector import LENGTH_BITS

if TYPE_CHECKING:
    from sterna.machine.machine import Machine

GROUP_BITS = 10
WINDOW_HEADS = 4
"""Words of a window before those of its elements, see `Synapses.window_fields`."""
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
    optional = frozenset({"window_depth", "written_depth"})
    later = frozenset({"window_depth", "written_depth"})

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
    window_depth: int = 0
    """Words that say where the targets of windows are. 0: it has none."""
    written_depth: int = 0
    """Words of weights that neurons write in a RUN, of all. 0: none."""

    def validate(self) -> None:
        for name, (low, high) in _RANGES.items():
            self.require(low <= getattr(self, name) <= high, name, f"{low} to {high}")

    def check(self, machine: Machine) -> None:
        lanes = machine.neurons.lanes
        self.require(self.lanes % lanes == 0, "lanes", f"a multiple of neuron_lanes, {lanes}")
        self.require(not self.window_depth or is_power_of_two(self.lanes), "lanes",
                     "a power of two where there are windows")
        self.require(not self.written_depth or self.window_depth > 0, "written_depth",
                     "0 where there are no windows")

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

    def source_bits(self, machine: Machine) -> int:
        """Bits of a number of sources: all that the code memory holds."""
        neurons = machine.neurons
        return max(LENGTH_BITS, (neurons.code_depth * neurons.lanes).bit_length())

    def fields(self, machine: Machine) -> Fields:
        """Fields of ACCUMULATE.

        The ``sources`` codes from word ``codes`` of the code memory on, in order, are multiplied by
        their weights. Source ``k`` has ``groups`` weight words from ``weights + k * groups`` on;
        word ``g`` goes to accumulator group ``g``. With ``skip`` sources that were silent are left
        out. A ``window`` above 0 is 1 and the word where one begins (`window_fields`), which says
        instead where the ``groups`` words of each target position are, and go to.
        """
        return (("codes", address_bits(machine.neurons.code_depth)),
                ("sources", self.source_bits(machine)),
                ("weights", address_bits(self.weight_depth)), ("groups", GROUP_BITS),
                ("skip", 1),
                *((("window", self.window_depth.bit_length()),) if self.window_depth else ()))

    @property
    def window_fields(self) -> Fields:
        """Fields of a word of windows.

        Sources lie in three axes, the last within the next to last within the first. Each has a
        word: ``count`` elements, and by how much ``weights`` and ``targets`` move from one hit of
        an element to its next. A fourth word has only ``count``, times ``lanes`` the weight words
        by which a position moves that begins a lane later in its group. Then every element of each
        axis has a word: the ``count`` of its hits, and what it adds to the first weight word and to
        the first target. An event has the hits of its three elements, each with each. Sums are
        modulo the widths.
        """
        return (("count", LENGTH_BITS), ("weights", address_bits(self.weight_depth)),
                ("targets", (self.accumulator_depth * self.lanes).bit_length()))

    def instructions(self, machine: Machine) -> tuple[Instruction, ...]:
        return (Instruction("ACCUMULATE", self.fields(machine),
                            "codes of a source into the accumulators, times their weights",
                            port=PORT),)

    def memories(self, machine: Machine) -> tuple[MemorySpec, ...]:
        del machine
        weights = MemorySpec("synapses", self.weight_word_bits, self.weight_depth)
        if not self.window_depth:
            return (weights,)
        bits = sum(width for _, width in self.window_fields)
        return weights, MemorySpec("windows", bits, self.window_depth)

    def area_factors(self) -> Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]:
        """Of what windows add to the unit, alone, with addresses of 17 and 27 bits in all (Yosys,
        ECP5)."""
        return {"windows": ((-132, 56.5), (326, 12.7))} if self.window_depth else {}

    def counters(self, machine: Machine) -> tuple[Counter, ...]:
        return Counter("busy"), Counter("events"), Counter("sources", machine.neurons.lanes)
