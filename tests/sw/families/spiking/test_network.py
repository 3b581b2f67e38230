"""Real networks, their quantisation, their folders, and the networks that come with Sterna."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.spiking.compare import compare, compare_all
from sterna.families.spiking.examples import EXAMPLES
from sterna.families.spiking.family import Spiking
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.losses import told_losses
from sterna.families.spiking.network import RealConnection, RealNetwork, RealPopulation
from sterna.families.spiking.patterns import burst_orders
from sterna.families.spiking.quantise import SpikingFormats, quantise
from sterna.families.spiking.store import load_network, save_network
from sterna.law.neuron import Current, Decay, NeuronDefinition, Output, Reset
from sterna.program.instructions import INPUT

ALL = [
    NeuronDefinition(decay=Decay.NONE, reset=reset, strict=strict)
    for reset in Reset for strict in (True, False)
] + [
    NeuronDefinition(decay=Decay.NONE, adaptive=True, strict=False, refractory=3),
    NeuronDefinition(decay=Decay.NONE, refractory=2, refractory_hold=True, clamped=True),
    NeuronDefinition(decay=Decay.NONE, max_count=4),
    NeuronDefinition(decay=Decay.NONE, current=Current.OLD),
    NeuronDefinition(decay=Decay.NONE, current=Current.JUMP, reset=Reset.HARD),
    NeuronDefinition(decay=Decay.MULTIPLY, current=Current.ALPHA, reset=Reset.SOFT_LATE),
]


def dyadic(definition: NeuronDefinition) -> RealNetwork:
    """A network in which nothing rounds: weights in quarters, factors 0 and 1."""
    generator = np.random.default_rng(0)
    whole = definition.current is Current.ALPHA
    values = {
        "factor": np.array([1.0]), "current_factor": np.array([1.0 * whole]),
        "adaptation_factor": np.array([1.0 - whole]), "increment": np.array([0.25]),
        "reset": np.array([-0.5]), "floor": np.array([-1.0]),
    }
    cells = RealPopulation(name="cells", neurons=6, definition=definition, values=values)
    return RealNetwork(
        name="dyadic", inputs=4, populations=(cells,), output="cells", connections=(
            RealConnection(source=INPUT, target="cells",
                           weights=generator.integers(-3, 4, (6, 4)) / 4,
                           delays=generator.integers(0, 3, (6, 4)).astype(np.uint8)),
            RealConnection(source="cells", target="cells", previous=True,
                           weights=generator.integers(-2, 3, (6, 6)) / 4),
        ),
    )


@pytest.mark.parametrize("definition", ALL, ids=lambda d: f"{d.reset.value}-{d.current.value}")
def test_nothing_differs_where_nothing_rounds(definition: NeuronDefinition) -> None:
    """Real and golden execution of the same flags are written apart and agree."""
    network = dyadic(definition)
    inputs = np.random.default_rng(1).integers(0, 2, (60, 3, 4)).astype(float)
    for difference in compare(network, quantise(network), inputs):
        assert difference.differ == 0 and difference.spikes > 10


def test_differences_are_counted() -> None:
    """Ternary weights change a network that needs more."""
    network = dyadic(ALL[0])
    inputs = np.random.default_rng(1).integers(0, 2, (60, 3, 4)).astype(float)
    (difference,) = compare(network, quantise(network, SpikingFormats(planes=1)), inputs)
    assert difference.differ > 0 and difference.values == 60 * 3 * 6


def test_a_parameter_that_does_not_fit_is_named() -> None:
    """A threshold that no membrane reaches."""
    network = dyadic(ALL[0])
    cells = replace(network.populations[0], values={"threshold": np.array([1e9])})
    with pytest.raises(InputError, match="population cells: .*threshold"):
        quantise(replace(network, populations=(cells,)))


def test_folder_round_trip(tmp_path: Path) -> None:
    """The same network, and clear lines for damage."""
    network = quantise(dyadic(ALL[0]))
    folder = tmp_path / "net"
    save_network(network, folder)
    assert Spiking().recognises(str(folder)) and not Spiking().recognises(str(tmp_path))
    codes = np.random.default_rng(2).integers(0, 2, (20, 1, 4))
    read = load_network(folder)
    assert read.connections[0].delays is not None
    expected, found = (GoldenNetwork(item).run(codes)["cells"] for item in (network, read))
    assert np.array_equal(expected, found)
    assert [path.name for path in tmp_path.iterdir()] == ["net"]


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - {"delays_ssc"}))
def test_examples_are_lively(name: str) -> None:
    """Every population spikes now and then, and quantisation changes few of its steps."""
    real = EXAMPLES[name]()
    network = quantise(real)
    inputs = (np.random.default_rng(3).random((40, 2, real.inputs)) < 0.2).astype(float)
    assert network.population(real.output).definition.output in (Output.MEMBRANE, Output.SPIKE)
    for difference in compare(real, network, inputs):
        assert 0.002 < difference.spikes / difference.values < 0.7
        assert difference.differ < 0.1 * difference.values


def test_trained_network_knows_the_order() -> None:
    """On fresh samples, real and golden, and they agree."""
    samples, labels = burst_orders(200, 7)
    real = EXAMPLES["l2mu"]()
    expected = real.run(samples.astype(float))["out"].sum(0).argmax(1)
    found = GoldenNetwork(quantise(real), 200).run(samples)["out"].sum(0).argmax(1)
    assert (expected == labels).mean() > 0.9 and (found == labels).mean() > 0.9
    assert (expected == found).mean() > 0.97


def one_layer(weights: np.ndarray, scale: float = 1.0, **values: float) -> RealNetwork:
    """Neurons with a soft reset; weights and thresholds scaled."""
    cells = RealPopulation(
        name="cells", neurons=len(weights), definition=NeuronDefinition(reset=Reset.SOFT),
        values={"factor": np.array([0.75]), "threshold": np.array([scale])} | {
            name: np.array([value]) for name, value in values.items()})
    return RealNetwork(
        name="net", inputs=weights.shape[1], populations=(cells,), output="cells",
        connections=(RealConnection(source=INPUT, target="cells", weights=weights * scale),))


@pytest.mark.parametrize("scale", [1.0, 2.0**-7, 2.0**-10])
def test_a_neuron_without_weights_costs_the_others_nothing(scale: float) -> None:
    """Its unit used to be 1, so that the gains of the others were rounded, to 0 in the end."""
    weights = np.random.default_rng(0).normal(0.1, 0.3, (8, 5))
    weights[0] = 0
    frames = np.random.default_rng(1).integers(0, 2, (300, 2, 5)).astype(float)
    real = one_layer(weights, scale)
    (difference,) = compare(real, quantise(real), frames)
    assert difference.spikes > 300 and difference.differ < 0.02 * difference.values


def test_a_small_threshold_needs_more_fraction_bits() -> None:
    """It is not rounded to another, or to 0, without a word."""
    weights = np.random.default_rng(0).normal(0.1, 0.3, (8, 5))
    real = one_layer(weights, 1e-4)
    with pytest.raises(InputError, match="cells: a threshold of 0.0001 would become 0.0001068 with "
                       "16 fraction bits; give --fraction 19"):
        quantise(real)
    frames = np.random.default_rng(1).integers(0, 2, (300, 2, 5)).astype(float)
    (difference,) = compare(real, quantise(real, SpikingFormats(fraction=24)), frames)
    assert difference.spikes > 300 and difference.differ < 0.03 * difference.values


def test_what_the_integers_lose_is_told() -> None:
    """A leak that rounds away, membranes that saturate, and the error of a read-out."""
    weights = np.full((2, 3), 1.0)
    leak = one_layer(weights, factor=1 - 1e-6)
    assert told_losses(leak, quantise(leak)) == [
        "cells: 1 of 1 values of factor, such as 0.999999, become 1"]
    for factor in (0.75, 1.0, 0.0):
        assert told_losses(one_layer(weights, factor=factor),
                           quantise(one_layer(weights, factor=factor))) == []
    (cells,) = leak.populations
    read_out = replace(leak, populations=(replace(cells, definition=NeuronDefinition(
        reset=Reset.NO_RESET, output=Output.MEMBRANE)),))
    found = compare_all(read_out, quantise(read_out), np.ones((42, 2, 3)))
    assert not found.differences and not found.saturated
    assert found.read_outs[0].largest > 125 and found.read_outs[0].error < 0.01
    found = compare_all(read_out, quantise(read_out), np.ones((50, 2, 3)))
    # 43 steps of 3 are the first beyond the 128 that 24 bits hold with 16 of fraction.
    assert found.saturated == {"cells": 8 * 2 * 2} and found.read_outs[0].error > 20
