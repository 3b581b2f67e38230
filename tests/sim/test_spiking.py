# amaranth: UnusedElaboratable=no
"""Networks on the RTL of the LIF engine: no difference, and differences that are found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sterna.models.spiking_examples import EXAMPLES
from sterna.models.spiking_quantise import quantise
from sterna_sim.spiking import record, verify_population


@pytest.mark.parametrize("name", ["cubalif", "l2mu"])
def test_the_neurons_of_a_network_are_the_golden_ones(name: str) -> None:
    """Under back-pressure; every population."""
    network = quantise(EXAMPLES[name]())
    codes = (np.random.default_rng(0).random((12, network.inputs)) < 0.3).astype(np.int64)
    recorded = record(network, codes)
    for population in network.populations:
        steps = [step[population.name] for step in recorded]
        outcome = verify_population(population, steps, 4, 0.7, 1)
        words = 1 + len(population.definition.states)
        assert outcome.differences == 0 and outcome.values == 12 * population.neurons * words


def test_a_difference_is_counted_and_named() -> None:
    """The engine of another threshold."""
    network = quantise(EXAMPLES["cubalif"]())
    population = network.populations[0]
    codes = np.ones((8, network.inputs), np.int64)
    steps = [step["hidden"] for step in record(network, codes)]
    parameters = replace(population.parameters, threshold=population.parameters.threshold // 4)
    outcome = verify_population(replace(population, parameters=parameters), steps, 4, 1.0, 0)
    assert outcome.differences > 0
    assert outcome.first is not None and outcome.first.startswith("hidden, neuron ")
