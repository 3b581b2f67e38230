"""The elementwise linear recurrence `h[t] = f[t] * h[t-1] + c[t]`, in parallel over blocks.

Each block of the sequence is scanned from zero while its running product of decays is kept;
then the state is carried from block to block. Decays lie in [0, 1], so the products can only
shrink: nothing is divided and nothing overflows, for a sequence of any length.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

BLOCK = 16


def _scan(decay: Tensor, inputs: Tensor, initial: Tensor) -> Tensor:
    """Scan `[time, ...]` tensors from `initial`; returns every state."""
    length = decay.shape[0]
    whole = length - length % BLOCK
    states = torch.empty_like(inputs)
    carry = initial
    if whole > BLOCK:
        shape = (whole // BLOCK, BLOCK, *decay.shape[1:])
        block_decay, block_inputs = decay[:whole].view(shape), inputs[:whole].view(shape)
        local = states[:whole].view(shape)
        product = torch.empty_like(block_decay)
        local[:, 0], product[:, 0] = block_inputs[:, 0], block_decay[:, 0]
        for step in range(1, BLOCK):
            previous, factor = local[:, step - 1], block_decay[:, step]
            torch.addcmul(block_inputs[:, step], factor, previous, out=local[:, step])
            torch.mul(factor, product[:, step - 1], out=product[:, step])
        for block in range(shape[0]):
            local[block].addcmul_(product[block], carry)
            carry = local[block, -1]
    else:
        whole = 0
    for step in range(whole, length):
        carry = torch.addcmul(inputs[step], decay[step], carry, out=states[step])
    return states


class _LinearRecurrence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, decay: Tensor, inputs: Tensor, initial: Tensor) -> Tensor:
        decay = decay.contiguous()
        states = _scan(decay, inputs.contiguous(), initial)
        ctx.save_for_backward(decay, states, initial)
        return states

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        decay, states, initial = ctx.saved_tensors
        # The adjoint is the same recurrence, run backwards with the decays of the next step.
        later = torch.cat([decay[1:], torch.zeros_like(decay[:1])]).flip(0)
        adjoint = _scan(later, gradients[0].flip(0).contiguous(), torch.zeros_like(initial))
        adjoint = adjoint.flip(0)
        earlier = torch.cat([initial.unsqueeze(0), states[:-1]])
        return adjoint * earlier, adjoint, adjoint[0] * decay[0]


def linear_recurrence(decay: Tensor, inputs: Tensor, initial: Tensor) -> Tensor:
    """Every state of `h[t] = decay[t] * h[t-1] + inputs[t]` with `h[-1] = initial`.

    `decay` (in [0, 1]) and `inputs` are `[time, ...]`, `initial` is `[...]`; the result is
    `[time, ...]`. Differentiable in all three.
    """
    states = _LinearRecurrence.apply(decay, inputs, initial)
    assert isinstance(states, Tensor)
    return states


class Recurrence(nn.Module):
    """`linear_recurrence` as a module without parameters, so that its states can be observed."""

    def forward(self, decay: Tensor, inputs: Tensor, initial: Tensor) -> Tensor:
        """See `linear_recurrence`."""
        return linear_recurrence(decay, inputs, initial)
