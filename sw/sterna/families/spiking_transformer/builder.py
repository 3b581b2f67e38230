"""A network of integers, population by population: maps, spikes, residuals and attention.

Weights are rounded to eight bits a channel, unless they are whole numbers of steps as they are, and
the batch norm behind them is the gain and bias of a neuron. A **residual** is a sum that keeps
`FRACTION` fraction bits; it is the weights of products with codes that are 1, and so added up
exactly. A **map** between two convolutions is codes of eight bits, in units of a channel of their
own: its ``peaks`` become `CODE_LIMIT`. **Counts** are codes too: spikes of several populations,
added up exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import floor, log2
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sterna.families.spiking.gains import with_common_shifts
from sterna.families.spiking.integers import (
    Connection,
    Multiplied,
    Population,
    SpikingNetwork,
)
from sterna.families.spiking_transformer.normed import GRAIN, Normed, Reals
from sterna.law import product
from sterna.law.arithmetic import CODE_LIMIT
from sterna.law.neuron import MAX_BITS, Decay, NeuronDefinition, Output, Reset
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.planes import plane_limit, signed_bits, ternary_planes
from sterna.law.window import Window
from sterna.program.neurons import code_limit

FRACTION, BITS = 10, 16
"""Of membranes and residuals."""
PLANES = 5

SUMS = NeuronDefinition(sum_bits=MAX_BITS, membrane_bits=BITS, decay=Decay.MULTIPLY,
                        reset=Reset.NO_RESET, output=Output.MEMBRANE)
MAPS = replace(SUMS, membrane_bits=CODE_LIMIT.bit_length() + 1)
_ONE = NeuronDefinition(sum_bits=MAX_BITS, membrane_bits=2, factor_bits=2, factor_fraction=0,
                        decay=Decay.NONE, strict=False, reset=Reset.HARD)


Numbers = Mapping[str, Reals]


class Firing(Protocol):
    """The neurons of a family, whose input is ``slope * S + shift`` of a whole sum S."""

    limit: int
    """The largest code."""
    unit: float
    """What a code of 1 stands for."""
    attention_unit: float
    """The same behind attention."""

    def neurons(self, slope: Reals, shift: Reals, most: NDArray[np.int64], attention: bool
                ) -> tuple[NeuronDefinition, Numbers]:
        """Their definition and numbers; slope and shift are [1] or [channels], and so is ``most``,
        the largest magnitude of S."""
        ...


@dataclass(frozen=True, kw_only=True)
class Maps:
    """A population as ``channels`` maps; ``units`` is what a code of each channel stands for."""

    name: str
    channels: int
    height: int
    width: int
    units: Reals | None = None

    @property
    def tokens(self) -> int:
        return self.height * self.width


class NetworkBuilder:
    """Populations are added in the order of execution."""

    def __init__(self, name: str, inputs: int, fraction: int, firing: Firing) -> None:
        self._name, self._inputs, self._fraction = name, inputs, fraction
        self._firing = firing
        self._populations: list[Population] = []
        self._connections: list[Connection] = []
        self._products: list[Multiplied] = []

    def network(self, output: str) -> SpikingNetwork:
        """What was added; gains of one definition have one shift where they may."""
        return SpikingNetwork(
            name=self._name, inputs=self._inputs, input_fraction=self._fraction, output=output,
            populations=with_common_shifts(self._populations),
            connections=tuple(self._connections), products=tuple(self._products))

    def fires(self, name: str, source: Maps, given: Normed) -> Maps:
        """Spikes behind a convolution."""
        made, slope = self._convolved(name, source, given)
        most = self._connections[-1].magnitudes().sum(1)[::made.tokens] * self._most(source)
        return self._fired(made, *self._firing.neurons(slope, given.shift, most, False))

    def sums(self, name: str, source: Maps, given: Normed) -> Maps:
        """A convolution that is added to a residual, or begins one."""
        made, slope = self._convolved(name, source, given)
        return self._summed(made, SUMS, slope * 2.0**FRACTION, given.shift * 2.0**FRACTION)

    def maps(self, name: str, source: Maps, given: Normed, peaks: Reals) -> Maps:
        """A convolution that another follows; ``peaks`` [outputs] are what it reaches."""
        units = np.where(peaks > 0, peaks, 1.0) / CODE_LIMIT
        made, slope = self._convolved(name, source, given)
        return replace(self._summed(made, MAPS, slope / units, given.shift / units), units=units)

    def added(self, name: str, first: Maps, second: Maps) -> Maps:
        """The residual of two."""
        return self._both(SUMS, name, first, second)

    def counted(self, name: str, first: Maps, second: Maps) -> Maps:
        """Spikes of two, or counts, added up; up to `CODE_LIMIT` of them."""
        return replace(self._both(MAPS, name, first, second), units=np.ones(first.channels))

    def spikes(self, name: str, residual: Maps) -> Maps:
        """Neurons on a residual."""
        made = self._fired(replace(residual, name=name), *self._firing.neurons(
            np.array([2.0**-FRACTION]), np.zeros(1), np.array([_most_of(BITS)]), False))
        self._whole(residual, name)
        return made

    def attention(self, name: str, q: Maps, k: Maps, v: Maps, heads: int, scale: float) -> Maps:
        """Spikes of ``Q (Kᵀ V) * scale``; the heads of a token stand one behind the other."""
        size, memory, limit = q.channels // heads, f"{name}.memory", self._firing.limit
        bits = signed_bits(q.tokens * limit**2)
        self._add(Maps(name=memory, channels=heads * size * size, height=1, width=1),
                  replace(SUMS, membrane_bits=bits), {"factor": np.zeros(1)})
        most = np.array([size * limit * _most_of(bits)])
        definition, numbers = self._firing.neurons(
            np.array([scale * self._firing.unit**3]), np.zeros(1), most, True)
        made = replace(
            self._fired(replace(q, name=name), definition, numbers),
            units=np.full(q.channels, self._firing.attention_unit))
        self._products += [
            Multiplied(source=k.name, weights=v.name, target=memory,
                       product=product.states(q.tokens, heads, size, size)),
            Multiplied(source=q.name, weights=memory, target=name,
                       product=product.readings(q.tokens, heads, size, size))]
        return made

    def pooled(self, name: str, residual: Maps) -> Maps:
        """Neurons on the mean of a residual's positions."""
        tokens = residual.tokens
        made = self._fired(
            Maps(name=name, channels=residual.channels, height=1, width=1),
            *self._firing.neurons(np.array([2.0**-FRACTION / tokens]), np.zeros(1),
                                  np.array([tokens * _most_of(BITS)]), False))
        self._products.append(Multiplied(
            source=self._ones(tokens), weights=residual.name, target=name,
            product=product.pooled(tokens, residual.channels)))
        return made

    def _both(self, definition: NeuronDefinition, name: str, first: Maps, second: Maps) -> Maps:
        made = self._add(replace(first, name=name), definition, {"factor": np.zeros(1)})
        for item in (first, second):
            self._whole(item, name)
        return made

    def _whole(self, weights: Maps, target: str) -> None:
        """A residual into a population: rows of positions where these fill words, else all."""
        rows = weights.height if weights.width * weights.channels % GRAIN == 0 else 1
        self._products.append(Multiplied(
            source=self._ones(rows), weights=weights.name, target=target,
            product=product.whole(rows, weights.tokens * weights.channels // rows)))

    def _ones(self, count: int) -> str:
        """Codes that are 1 in every step."""
        name = f"ones_{count}"
        if all(item.name != name for item in self._populations):
            self._populations.insert(0, Population(
                name=name, neurons=count, definition=_ONE, fraction=0,
                parameters=NeuronParameters.of(bias=1)))
        return name

    def _add(self, maps: Maps, definition: NeuronDefinition, numbers: Numbers) -> Maps:
        self._populations.append(Population(
            name=maps.name, neurons=maps.channels * maps.tokens, definition=definition,
            fraction=FRACTION, parameters=NeuronParameters.of(**numbers)))
        return maps

    def _fired(self, maps: Maps, definition: NeuronDefinition, numbers: Numbers) -> Maps:
        return replace(self._add(maps, definition, numbers),
                       units=np.full(maps.channels, self._firing.unit))

    def _summed(self, maps: Maps, definition: NeuronDefinition, gains: Reals, bias: Reals) -> Maps:
        shift, whole = rounded_gains(gains, definition)
        limit = _most_of(definition.membrane_bits)
        return self._add(maps, replace(definition, gain_shift=shift), {
            "gain": whole, "bias": np.clip(np.rint(bias), -limit, limit), "factor": np.zeros(1)})

    def _most(self, source: Maps) -> int:
        """Largest code of a source."""
        made = [item for item in self._populations if item.name == source.name]
        return code_limit(made[0].definition) if made else CODE_LIMIT

    def _convolved(self, name: str, source: Maps, given: Normed) -> tuple[Maps, Reals]:
        """The connection; what it leads to, and by output what a whole sum stands for, scaled."""
        rows, columns = given.weights.shape[2:]
        window = Window(
            channels=source.channels, height=source.height, width=source.width,
            outputs=len(given.weights), kernel=(rows, columns), pool=given.pool,
            stride=(given.stride, given.stride), groups=given.groups,
            padding=((rows - 1) // 2,) * 4)
        units = np.ones(source.channels) if source.units is None else source.units
        depth = source.channels // given.groups
        group = np.arange(window.outputs) // (window.outputs // given.groups)
        met = units[group[:, None] * depth + np.arange(depth)]
        real = given.weights * met[..., None, None]
        peaks = np.abs(real).max((1, 2, 3))
        steps = np.where(peaks > 0, peaks, 1.0) / plane_limit(PLANES)
        if given.steps is not None and (met == met[:, :1]).all():
            steps = np.where(peaks > 0, given.steps * met[:, 0], 1.0)
        whole = np.rint(real / steps[:, None, None, None]).astype(np.int64)
        self._connections.append(Connection(
            source=source.name, target=name, planes=ternary_planes(whole, PLANES), window=window))
        return Maps(name=name, channels=window.outputs, height=window.made[0],
                    width=window.made[1]), steps * given.scale


def rounded_gains(gains: Reals, definition: NeuronDefinition) -> tuple[int, Reals]:
    """A shift that keeps most bits, and the gains as whole numbers; without one if they are that.
    """
    if (gains == np.rint(gains)).all() and np.unique(gains).size == 1:
        return 0, gains
    top = _most_of(definition.factor_bits)
    shift = floor(max(0, min(31, log2(top / max(np.abs(gains).max(), 1e-30)))))
    return shift, np.rint(gains * 2.0**shift)


def _most_of(bits: int) -> int:
    return (1 << bits - 1) - 1
