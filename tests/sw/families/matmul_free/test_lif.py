"""The neurons of the float reference: their law by hand, and the gradient of training."""

from __future__ import annotations

from math import pi
from typing import Any

import torch
from sterna.families.matmul_free.configuration import FLOOR
from sterna.families.matmul_free.lif import LIF, fire
from torch import Tensor


def test_a_membrane_leaks_fires_at_its_threshold_and_stops_at_the_floor() -> None:
    drive = torch.tensor([[1.0], [0.75], [0.25], [-4.0], [1.25], [2.5]])
    potentials, spikes, membranes = fire(
        drive, torch.tensor([0.5]), torch.tensor([1.0]), torch.tensor([0.5])
    )
    assert potentials.flatten().tolist() == [1.25, 0.875, 0.6875, -3.65625, 0.75, 2.875]
    assert spikes.flatten().tolist() == [1, 0, 0, 0, 0, 1]
    assert membranes.flatten().tolist() == [0.25, 0.875, 0.6875, FLOOR, 0.75, 1.875]
    _, tie, left = fire(torch.ones(1, 1), torch.zeros(1), torch.ones(1), torch.zeros(1))
    assert tie.item() == 1 and left.item() == 0


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
