"""A lowered layer with neurons: near the float reference, and the very law from words to spikes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sterna.errors import InputError
from sterna.families.matmul_free.configuration import FLOOR, ModelConfig
from sterna.families.matmul_free.conversion import float_reference
from sterna.families.matmul_free.lif import fire
from sterna.families.matmul_free.lowering import Formats, lower
from sterna.families.matmul_free.lowering.calibration import HEADROOM, calibrate, concerns
from sterna.families.matmul_free.random_model import random_model
from sterna.families.matmul_free.weights import MatMulFreeModel
from sterna.golden.executor import GoldenExecutor
from sterna.golden.neuron import GoldenPopulation
from sterna.law.neuron_parameters import NeuronParameters
from sterna.program.definition import Program
from sterna.program.neurons import Neurons
from sterna.program.printing import format_program

CONFIG = ModelConfig(
    vocab_size=97, hidden_size=64, num_hidden_layers=2, intermediate_size=100, channel_mixer="lif"
)
TOKENS = np.random.default_rng(2).integers(0, 97, 24).tolist()


@pytest.fixture(scope="module")
def model() -> MatMulFreeModel:
    return random_model(CONFIG, 1)


def observed(program: Program, *names: str) -> dict[str, NDArray[np.int64]]:
    """Values of every token and layer, [tokens, layers, elements], by name."""
    found: dict[str, list[NDArray]] = {name: [] for name in names}

    def observe(key, name, values):
        if name in found:
            found[name].append(np.asarray(values).reshape(-1))

    executor = GoldenExecutor(program)
    for token in TOKENS:
        executor.step(token, observe=observe)
    shape = (len(TOKENS), CONFIG.num_hidden_layers, -1)
    return {name: np.array(values).reshape(shape) for name, values in found.items()}


@pytest.mark.parametrize("word_bits", [16, 18])
def test_the_law_is_that_of_the_float_reference_at_ties_and_at_the_floor(model, word_bits):
    """Where both are exact: multiples of 1/16, a decay of one half, five steps."""
    program = lower(model, Formats.default(word_bits))
    (definition,) = (
        item.definition for item in program.section("layer").items if isinstance(item, Neurons)
    )
    one = 1 << (program.vectors["y"].fraction or 0)
    generator = np.random.default_rng(1)
    drive = generator.integers(-48, 48, (5, 7, 40)) * (one // 16)
    threshold = generator.integers(8, 24, 40) * (one // 16)
    drive[0] = threshold
    population = GoldenPopulation(definition, NeuronParameters.of(
        factor=1 << definition.factor_fraction - 1, threshold=threshold, floor=int(FLOOR * one)
    ), 40, batch=7)
    _, spikes, membranes = fire(
        torch.from_numpy(drive / one), torch.full((40,), 0.5).double(),
        torch.from_numpy(threshold / one), torch.zeros(7, 40).double(),
    )
    assert spikes[0].all() and (membranes == FLOOR).any()
    for step in range(5):
        np.testing.assert_array_equal(population.step(drive[step]), spikes[step].numpy())
        np.testing.assert_array_equal(population.state["v"], membranes[step].numpy() * one)


@pytest.mark.parametrize("word_bits", [16, 18])
def test_every_step_is_that_of_the_float_law(model, word_bits):
    """From the membrane before and the word of the matrix, but for a unit of rounding."""
    program = lower(model, Formats.default(word_bits))
    one = 2.0 ** program.vectors["y"].fraction
    values = observed(program, "y", "neurons.output", "neurons.v")
    for index, layer in enumerate(model.layers):
        words, fired, after = (
            torch.from_numpy(part[:, index]) for part in values.values()
        )
        before = torch.cat([torch.zeros_like(after[:1]), after[:-1]]) / one
        numbers = layer.spiking_unit.neurons
        decay, threshold = torch.from_numpy(numbers.decay), torch.from_numpy(numbers.threshold)
        for step in range(len(TOKENS)):
            potential, spikes, membrane = (
                part[0] for part in fire(words[step][None] / one, decay, threshold, before[step])
            )
            sure = (potential - threshold).abs() > 1.01 / one
            assert sure.sum() > 90 and torch.equal(fired[step][sure], spikes[sure].long())
            assert (after[step] / one - membrane)[sure].abs().max() < 1.51 / one
        assert 0.02 < fired.double().mean() < 0.5 and (after == FLOOR * one).any()


def test_logits_are_near_the_float_reference(model):
    executor, reference = GoldenExecutor(lower(model)), float_reference(model)
    golden = np.array([executor.step(token).logits for token in TOKENS])
    with torch.no_grad():
        expected = reference(torch.tensor([TOKENS]))[0][0].numpy()
    # A neighbouring code may make or spare a spike, which weighs more than the code.
    assert np.sqrt(((golden - expected) ** 2).mean() / (expected**2).mean()) < 0.08


def test_streams_and_texts_do_not_see_each_other(model):
    program = lower(model)
    together = GoldenExecutor(program, streams=2)
    alone = [GoldenExecutor(program, streams=1) for _ in range(2)]
    for first, second in zip(TOKENS, reversed(TOKENS), strict=True):
        logits = together.step_streams([first, second])
        for index, token in enumerate((first, second)):
            assert torch.equal(logits[index], alone[index].step_streams([token])[0])
    alone[0].reset()
    assert torch.equal(
        alone[0].step_streams([TOKENS[0]]), GoldenExecutor(program).step_streams([TOKENS[0]])
    )


def test_numbers_of_the_neurons_are_those_of_the_model(model):
    parameters = lower(model).parameters
    for index, layer in enumerate(model.layers):
        numbers, neurons = parameters.neurons("layer", index, "neurons"), layer.spiking_unit.neurons
        assert np.abs(numbers.factor / 65536 - neurons.decay).max() <= 2**-17
        assert np.abs(numbers.threshold / 4096 - neurons.threshold).max() <= 2**-13
        assert numbers.floor.tolist() == [-4096]
    with pytest.raises(KeyError):
        parameters.neurons("layer", 0, "other")


def test_a_threshold_beyond_the_words_is_named(model):
    layer = model.layers[0]
    neurons = layer.spiking_unit.neurons
    high = replace(neurons, threshold_log=neurons.threshold_log + np.float32(4))
    layers = [replace(layer, unit=replace(layer.spiking_unit, neurons=high)), model.layers[1]]
    with pytest.raises(InputError, match="neuron parameter threshold has magnitude"):
        GoldenExecutor(lower(replace(model, layers=layers))).step(1)


@pytest.mark.parametrize("word_bits", [16, 18])
def test_calibration_sees_the_membranes(model, word_bits):
    calibration = calibrate(model, TOKENS, word_bits)
    program = lower(model, calibration.formats)
    values = observed(program, "y", "neurons.v", "i", "f_negative")
    largest = max(int(np.abs(part).max()) for part in values.values())
    told = calibration.ranges.activation * 2.0 ** program.vectors["y"].fraction
    assert largest <= told * 1.05 and told <= calibration.formats.word_limit / HEADROOM
    assert concerns(calibration.ranges, calibration.formats) == []


def test_the_listing_names_the_population(model):
    text = format_program(lower(model))
    assert "neurons neurons, 100, decay multiply, reset soft: codes down" in text
    assert "+ y" in text
