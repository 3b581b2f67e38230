# amaranth: UnusedElaboratable=no
"""Area of a spiking accelerator without synthesis.

Registers of a neuron lane and of the synapses are counted in the pipelines themselves, which are
made for it but not elaborated; look-up tables are taken to be in proportion. The factors are those
of `l2mu` as placed on an iCEBreaker (2 lanes, 1 neuron lane) and on a ULX3S 85F (16 and 4); other
parts with look-up tables of four inputs are taken to be like the latter.
"""

from __future__ import annotations

from dataclasses import dataclass

from sterna.machine.spiking_configuration import SpikingConfiguration
from sterna_hw.spiking import LifEngine
from sterna_hw.spiking.synapses import SynapseArray


@dataclass(frozen=True)
class Factors:
    """Look-up tables and flip-flops: of the rest, and for each register bit of a pipeline."""

    rest_luts: float
    rest_ffs: float
    neuron_luts: float
    neuron_ffs: float
    synapse_luts: float
    synapse_ffs: float
    packing: float
    """Placed look-up tables over those of synthesis."""


FACTORS = {
    "ice40": Factors(1156, 919, 0.668, 0.855, 3.2, 4.1, 1.586),
    "ecp5": Factors(2035, 1228, 0.795, 1.412, 5.5, 4.0, 1.194),
}


@dataclass(frozen=True)
class NetworkArea:
    """Estimated cells; ``units`` splits ``luts``."""

    luts: int
    ffs: int
    dsps: int
    units: dict[str, int]


def network_area(family: str, configuration: SpikingConfiguration) -> NetworkArea:
    """Area of the accelerator with its board's clock and link."""
    factors = FACTORS.get(family, FACTORS["ecp5"])
    engines = [
        LifEngine(unit.definition, dict(unit.constants), unit.groups * configuration.neuron_lanes,
                  configuration.neuron_lanes, varying=unit.varying, always_ready=True,
                  multiplier_bits=configuration.multiplier_bits)
        for unit in configuration.units
    ]
    neurons = sum(engine.pipeline_bits for engine in engines)
    synapses = SynapseArray(configuration).pipeline_bits
    luts = {
        "neurons": factors.neuron_luts * neurons,
        "synapses": factors.synapse_luts * synapses,
        "other": factors.rest_luts,
    }
    flip_flops = (factors.rest_ffs + factors.neuron_ffs * neurons
                  + factors.synapse_ffs * synapses)
    return NetworkArea(
        luts=round(factors.packing * sum(luts.values())),
        ffs=round(flip_flops),
        dsps=sum(engine.multipliers for engine in engines),
        units={name: round(factors.packing * value) for name, value in luts.items()},
    )
