"""Neurons of spiking transformers: LIF with tau 2, a hard reset, ``>=``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sterna.families.spiking_transformer.builder import BITS, FRACTION, Numbers, rounded_gains
from sterna.families.spiking_transformer.normed import Reals
from sterna.families.spiking_transformer.reference import ATTENTION_THRESHOLD
from sterna.law.neuron import MAX_BITS, Decay, NeuronDefinition, Reset

FIRES = NeuronDefinition(sum_bits=MAX_BITS, membrane_bits=BITS, decay=Decay.SHIFT,
                         scale_drive=True, strict=False, reset=Reset.HARD)


class Leaky:
    """Spikes. Membranes are in units of the threshold, with `FRACTION` fraction bits; behind
    attention they have a bit less, and so an engine of their own."""

    limit = 1
    unit = attention_unit = 1.0

    def neurons(self, slope: Reals, shift: Reals, most: NDArray[np.int64], attention: bool
                ) -> tuple[NeuronDefinition, Numbers]:
        """Gains in as many bits as factors have."""
        del most
        one = 2.0**FRACTION / (ATTENTION_THRESHOLD if attention else 1.0)
        limit = (1 << BITS - 1) - 1
        by, gains = rounded_gains(slope * one, FIRES)
        return replace(FIRES, gain_shift=by, membrane_bits=BITS - attention), {
            "gain": gains, "bias": np.clip(np.rint(shift * one), -limit, limit),
            "threshold": np.array([1 << FRACTION])}
