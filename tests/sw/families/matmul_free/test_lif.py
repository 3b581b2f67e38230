"""The neurons of the float reference: their law in integers, and the gradient of training."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
import torch
from sterna.families.matmul_free.lif import FLOOR, LIF, fire
from sterna.golden.neuron import GoldenPopulation
from sterna.law.neuron import Decay, NeuronDefinition, Reset
from sterna.law.neuron_parameters import NeuronParameters
from torch import Tensor

FRACTION = 12
LAW = NeuronDefinition(
    sum_bits=18, membrane_bits=18, decay=Decay.MULTIPLY, reset=Reset.SOFT, strict=False,
    clamped=True,
)


def test_is_the_integer_law_where_both_are_exact() -> None:
    """Multiples of 1/64 and a decay of one half: eight steps have no rounding, and many ties."""
    generator = np.random.default_rng(1)
    one = 1 << FRACTION
    drive = generator.integers(-3 * 64, 3 * 64, (6, 5, 40)) * (one // 64)
    threshold = generator.integers(32, 96, 40) * (one // 64)
    drive[0] = threshold
    start = np.zeros((5, 40), np.int64)
    golden = GoldenPopulation(LAW, NeuronParameters.of(
        factor=1 << 15, threshold=threshold, floor=int(FLOOR * one)
    ), 40, batch=5)
    real = [torch.from_numpy(values / one) for values in (drive, threshold, start)]
    _, spikes, membranes = fire(real[0], torch.full((40,), 0.5).double(), real[1], real[2])
    assert spikes[0].all(), "a membrane at its threshold fires"
    assert (membranes == FLOOR).any() and not (membranes < FLOOR).any()
    for step in range(6):
        np.testing.assert_array_equal(golden.step(drive[step]), spikes[step].numpy())
        np.testing.assert_array_equal(golden.state["v"], membranes[step].numpy() * one)


class SurrogateSpike(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return gradients[0] / (1 + (pi * x) ** 2)


def test_gradient_is_that_of_the_equations_with_the_surrogate() -> None:
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    population = LIF(7).double()
    with torch.no_grad():
        population.threshold_log.copy_(0.2 * normal(7))
    values = (1.5 * normal(20, 3, 7)).requires_grad_()
    start = (0.3 * normal(3, 7)).requires_grad_()
    decay, threshold = torch.sigmoid(population.decay_logit), population.threshold_log.exp()
    membrane, expected = start, []
    for value in values:
        potential = decay * membrane + value
        spike = SurrogateSpike.apply(potential / threshold - 1)
        assert isinstance(spike, Tensor)
        membrane = (potential - spike * threshold).clamp(min=FLOOR)
        expected.append(spike)
    spikes, last = population(values, start)
    torch.testing.assert_close(spikes, torch.stack(expected))
    torch.testing.assert_close(last, membrane)
    assert 0.05 < spikes.detach().mean() < 0.95 and (last == FLOOR).any()

    of_spikes, of_last = normal(20, 3, 7), normal(3, 7)
    inputs = [values, start, *population.parameters()]
    ours = torch.autograd.grad((spikes * of_spikes).sum() + (last * of_last).sum(), inputs)
    total = (torch.stack(expected) * of_spikes).sum() + (membrane * of_last).sum()
    for found, wanted in zip(ours, torch.autograd.grad(total, inputs), strict=True):
        torch.testing.assert_close(found, wanted)
