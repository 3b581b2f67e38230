from __future__ import annotations

import torch
from sterna.families.matmul_free.bitlinear import (
    BitLinear,
    fake_int8,
    fake_ternary,
    ternary_codes,
    ternary_scale,
)
from torch.nn import functional


def test_ternary_ties_round_to_even() -> None:
    # The mean of the absolute values is exactly 1, so the quotients are the weights.
    weight = torch.tensor([[0.5, -0.5, 1.5, -1.5]])
    assert ternary_codes(weight).tolist() == [[0, 0, 1, -1]]
    assert ternary_scale(weight) == 1.0


def test_scale_of_an_all_zero_matrix_is_the_floor() -> None:
    weight = torch.zeros(3, 4)
    assert ternary_scale(weight) == torch.tensor(1e-5)
    assert not fake_ternary(weight).any()


def test_int8_codes_have_127_steps_of_the_row_maximum() -> None:
    values = torch.tensor([[127.0, 2.5, 3.5, -126.6], [0.0, 0.0, 0.0, 0.0]])
    assert fake_int8(values).tolist() == [[127.0, 2.0, 4.0, -127.0], [0.0, 0.0, 0.0, 0.0]]


def test_straight_through_gradients() -> None:
    generator = torch.Generator().manual_seed(3)
    layer = BitLinear(6, 4)
    inputs = torch.randn(5, 6, generator=generator, requires_grad=True)
    signal = torch.randn(5, 4, generator=generator)
    layer(inputs).backward(signal)

    # By the definition: rounding is the identity backwards, so the gradient of the weight sees
    # the rounded activations and the gradient of the activations sees the rounded weight.
    plain = inputs.detach().clone().requires_grad_()
    gain = layer.norm.weight.detach().clone().requires_grad_()
    normed = plain * gain / (plain.square().mean(-1, keepdim=True) + 1e-6).sqrt()
    normed.backward(signal @ fake_ternary(layer.weight.detach()))
    torch.testing.assert_close(layer.weight.grad, signal.T @ fake_int8(normed.detach()))
    torch.testing.assert_close(inputs.grad, plain.grad)
    torch.testing.assert_close(layer.norm.weight.grad, gain.grad)


def test_ternarised_weight_is_used_as_it_stands() -> None:
    layer = BitLinear(8, 3, ternarised=True)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([0.25, 0.0, -0.25]).unsqueeze(1).expand(3, 8))
    inputs = torch.linspace(-1, 2, 8)
    normed = inputs / (inputs.square().mean() + 1e-6).sqrt()
    torch.testing.assert_close(layer(inputs), functional.linear(fake_int8(normed), layer.weight))
