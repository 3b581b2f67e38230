"""The accelerators that a board gets unless others are asked for."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.law.planes import full, reach, signed_bits
from sterna.machine.machine import Machine
from sterna.machine.presets import STEP_MACHINE, TOKEN_MACHINE, token_machine
from sterna.machine.units.ternary import Lane

_SMALL_LUTS = 12_000
"""Parts below get one neuron lane: each lane of a LIF engine has multipliers of its own."""
_MULTIPLIER_BITS = {"ice40": 16}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Of ternary products, vectors and a head: fields as in the `Machine`.

    Depths follow from the model.
    """

    rows: int
    columns: int
    vector_lanes: int
    block_groups: int = 8
    top_k: int = 8
    head_words: int = 1
    lane: Lane = "adders"
    vector_interval: int = 1
    compact: bool = False

    def machine(self) -> Machine:
        """A machine of this shape, to be fitted to a program."""
        code_depth = -(-TOKEN_MACHINE.ternary.code_depth // self.columns) * self.columns
        return token_machine(
            rows=self.rows, columns=self.columns, vector_lanes=self.vector_lanes,
            block_groups=self.block_groups, top_k=self.top_k,
            head_words=self.head_words, lane=self.lane,
            vector_interval=self.vector_interval, compact=self.compact,
            code_depth=code_depth,
            accumulator_bits=signed_bits(reach(full(code_depth))))


def step_shape(family: str, luts: int) -> Machine:
    """Of neurons and synapses, for a part of so many look-up tables."""
    usual = STEP_MACHINE.having(
        multiplier_bits=_MULTIPLIER_BITS.get(family, STEP_MACHINE.neurons.multiplier_bits))
    return usual.having(synapse_lanes=2, neuron_lanes=1) if luts < _SMALL_LUTS else usual
