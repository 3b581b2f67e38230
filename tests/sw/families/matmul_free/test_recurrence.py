from __future__ import annotations

import pytest
import torch
from sterna.families.matmul_free.recurrence import BLOCK, linear_recurrence
from torch import Tensor


def sequential(decay: Tensor, inputs: Tensor, initial: Tensor) -> Tensor:
    states = []
    state = initial
    for factor, value in zip(decay, inputs, strict=True):
        state = factor * state + value
        states.append(state)
    return torch.stack(states)


def draw(length: int, *shape: int, double: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(length)
    dtype = torch.float64 if double else torch.float32
    decay = torch.rand(length, *shape, generator=generator, dtype=dtype)
    inputs = torch.randn(length, *shape, generator=generator, dtype=dtype)
    return decay, inputs, torch.randn(*shape, generator=generator, dtype=dtype)


@pytest.mark.parametrize(
    "length", [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1, 7 * BLOCK + 5]
)
def test_equals_the_sequential_recurrence(length: int) -> None:
    decay, inputs, initial = draw(length, 2, 3)
    torch.testing.assert_close(
        linear_recurrence(decay, inputs, initial), sequential(decay, inputs, initial)
    )


@pytest.mark.parametrize("length", [1, BLOCK, 2 * BLOCK, 2 * BLOCK + 3])
def test_gradient_is_that_of_the_sequential_recurrence(length: int) -> None:
    ours = [tensor.requires_grad_() for tensor in draw(length, 2, 3)]
    plain = [tensor.detach().clone().requires_grad_() for tensor in ours]
    signal = torch.randn(length, 2, 3, dtype=torch.float64)
    linear_recurrence(*ours).backward(signal)
    sequential(*plain).backward(signal)
    for our, other in zip(ours, plain, strict=True):
        torch.testing.assert_close(our.grad, other.grad)


def test_gradient_by_finite_differences() -> None:
    inputs = tuple(tensor.requires_grad_() for tensor in draw(2 * BLOCK + 1, 2))
    assert torch.autograd.gradcheck(linear_recurrence, inputs)


@pytest.mark.parametrize("value", [0.0, 1e-30, 1.0])
def test_extreme_decays_stay_finite(value: float) -> None:
    _, inputs, initial = draw(20 * BLOCK, 4, double=False)
    decay = torch.full_like(inputs, value)
    states = linear_recurrence(decay, inputs, initial)
    torch.testing.assert_close(states, sequential(decay, inputs, initial), rtol=1e-5, atol=1e-5)
