"""A network with every kind of product: attention in both orders, a mask, residuals, a mean.

What is added up is codes too, and the weights of a mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sterna.families.spiking.integers import (
    Connection,
    Multiplied,
    Population,
    SpikingNetwork,
)
from sterna.law import product
from sterna.law.neuron import Decay, NeuronDefinition, Output, Reset
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.planes import ternary_planes
from sterna.law.window import Window
from sterna.program.instructions import INPUT

TOKENS, HEADS, SIZE, INPUTS = 4, 2, 4, 3
WIDTH = HEADS * SIZE
ALL, PLACES = TOKENS * WIDTH, 4
SUMS = NeuronDefinition(decay=Decay.MULTIPLY, reset=Reset.NO_RESET, output=Output.MEMBRANE,
                        membrane_bits=8, factor_bits=4, factor_fraction=0)
"""A sum without memory, narrow enough to be a weight of eight bits; of no number but 1 and 0."""


def product_network(definitions: Sequence[NeuronDefinition]) -> SpikingNetwork:
    """Of neurons that fire, and of those that count; counts of a convolution on 2 x 2 positions."""
    rng = np.random.default_rng(3)
    maps = Window(channels=INPUTS, height=2, width=2, outputs=WIDTH, kernel=(2, 2),
                  padding=(1, 0, 0, 1))
    all_places = Window(channels=WIDTH, height=2, width=2, outputs=3, pool=(2, 2))
    fires, counts = definitions[0], definitions[3]
    usual = {"gain": 1 << fires.gain_shift, "factor": 3 << fires.factor_fraction - 2}

    def connected(source: str, target: str, *shape: int, window: Window | None = None
                  ) -> Connection:
        weights = rng.integers(-13, 14, shape)
        return Connection(source=source, target=target, planes=ternary_planes(weights, 3),
                          window=window)

    def population(name: str, neurons: int, definition: NeuronDefinition, **numbers: int
                   ) -> Population:
        return Population(name=name, neurons=neurons, definition=definition,
                          parameters=NeuronParameters.of(**numbers))

    def times(source: str, weights: str, target: str, given: product.Product) -> Multiplied:
        return Multiplied(source=source, weights=weights, target=target, product=given)

    return SpikingNetwork(
        name="products", inputs=INPUTS * PLACES, output="out",
        populations=(
            population("ones", TOKENS, fires, threshold=-1),
            *(population(name, ALL, counts, threshold=threshold, increment=2)
              for name, threshold in (("q", 9), ("k", 7), ("v", 11), ("keys", 8))),
            population("memory", HEADS * SIZE * SIZE, SUMS),
            population("attention", ALL, fires, threshold=9, **usual),
            population("scores", ALL, SUMS),
            population("mask", TOKENS * HEADS, fires, threshold=5, **usual),
            population("masked", ALL, SUMS), population("added", ALL, SUMS),
            population("mean", WIDTH, fires, threshold=12, **usual),
            population("out", 3, SUMS)),
        connections=(
            *(connected(INPUT, name, *maps.shape, window=maps) for name in ("q", "k", "v")),
            connected(INPUT, "keys", ALL, INPUTS * PLACES),
            connected(INPUT, "mask", TOKENS * HEADS, INPUTS * PLACES),
            connected("mean", "out", 3, WIDTH), connected("attention", "out", 3, ALL),
            connected("added", "out", *all_places.shape, window=all_places)),
        products=(
            times("k", "v", "memory", product.states(TOKENS, HEADS, SIZE, SIZE)),
            times("q", "memory", "attention", product.readings(TOKENS, HEADS, SIZE, SIZE)),
            times("q", "keys", "scores", product.scores(TOKENS, HEADS, SIZE)),
            times("mask", "k", "masked", product.masked(TOKENS, HEADS, SIZE)),
            times("ones", "masked", "added", product.whole(TOKENS, WIDTH)),
            times("ones", "scores", "added", product.whole(TOKENS, WIDTH)),
            times("ones", "added", "mean", product.pooled(TOKENS, WIDTH))))
