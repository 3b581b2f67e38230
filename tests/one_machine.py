"""One machine with every unit, on which programs of all families run: they differ, it does not.

It is built once, by whoever wants it first, and kept by its contents. Each of its sizes is that of
some program, of others it is more than they need. Groups of its units have different sizes, so that
they are cut or put together on the way from one to the next.
"""

from __future__ import annotations

from dataclasses import replace

from sterna.families.spiking.stateless import any_population
from sterna.law.neuron import Current, Decay, NeuronDefinition, Output, Reset, Rounding
from sterna.law.neuron_parameters import neutral_parameters
from sterna.machine.machine import Machine
from sterna.machine.units.generate import Generate
from sterna.machine.units.head import Head
from sterna.machine.units.loops import Loops
from sterna.machine.units.matrix import MatrixStates
from sterna.machine.units.neurons import NeuronKind, Neurons
from sterna.machine.units.read import Read
from sterna.machine.units.scalar import ScalarUnit
from sterna.machine.units.synapses import Synapses
from sterna.machine.units.ternary import Ternary
from sterna.machine.units.vector import Vector

from tests.hw.core.product_networks import SUMS

ON_SYNAPSES = (
    # The first two are those of `l2mu`.
    NeuronDefinition(gain_shift=8, reset=Reset.SOFT_LATE),
    NeuronDefinition(gain_shift=8, reset=Reset.NO_RESET, output=Output.MEMBRANE),
    NeuronDefinition(membrane_bits=20, current=Current.NEW, current_bits=16, strict=False,
                     reset=Reset.HARD, refractory=3, rounding=Rounding.ZERO),
    NeuronDefinition(membrane_bits=16, decay=Decay.SHIFT, decay_shift=2, adaptive=True,
                     adaptation_bits=15, max_count=5),
    NeuronDefinition(membrane_bits=14, output=Output.VALUE, output_shift=3, clamped=True),
)
"""Definitions of neurons whose sums are of synapses."""
LIF = NeuronDefinition(sum_bits=18, membrane_bits=18, strict=False, clamped=True)
"""That of MatMul-free models with spikes, such as `demo-spiking`."""
ON_WORDS = (
    LIF,
    NeuronDefinition(sum_bits=18, membrane_bits=18, current=Current.NEW, current_bits=16,
                     decay=Decay.EULER, reset=Reset.SOFT_LATE, gain_shift=1),
)
"""Definitions of neurons that take words of the vector unit."""
GROUPS = 80
KINDS = (*(
    NeuronKind(definition=definition, varying=tuple(neutral_parameters()), groups=GROUPS,
               results=not current, current=current)
    for current, definitions in ((False, ON_SYNAPSES), (True, ON_WORDS))
    for definition in definitions), NeuronKind(
        definition=replace(any_population("pool", 1).definition, sum_bits=24), groups=GROUPS),
    NeuronKind(definition=replace(SUMS, sum_bits=24), groups=GROUPS, results=True))
"""The last but one takes the maximum of spikes, the last makes weights of sums; there are more than
a field of three bits counts."""
ONE = Machine(
    units=(
        Vector(lanes=4, depth=2048, tables=3, constant_depth=4096, input_depth=6144, sums=True),
        ScalarUnit(),
        Ternary(rows=8, columns=8, accumulator_bits=23, block_groups=4, code_depth=256,
                weight_depth=26112, planes=5),
        Loops(), Head(top_k=8, gains=True),
        Synapses(lanes=4, taps=8, accumulator_bits=24, weight_depth=2048, accumulator_depth=16,
                 window_depth=256, written_depth=128),
        Neurons(lanes=2, code_depth=80, constant_depth=256, cycle=GROUPS, input_depth=32,
                outputs=24, given_depth=64, kinds=KINDS),
        MatrixStates(lanes=4, depth=768, heads=5, rows=32, columns=32, operand_depth=32, products=2,
                     by_columns=True, decay_fraction=17, product_shift=12, read_shift=12),
        Read(), Generate(window=8, vectors=512),
    ), program_depth=512)
TRACED = ONE.having(trace=True)
"""What is built: with trace ports."""
