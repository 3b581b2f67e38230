"""A population of leaky integrate-and-fire neurons in float32, trained by a surrogate gradient.

One time step a token. A neuron with decay b and threshold h, driven by y, does

    u = b * v + y;  s = 1 if u >= h else 0;  v = max(u - s * h, FLOOR)

which is `sterna.law.neuron` with decay `MULTIPLY`, reset `SOFT`, not strict, clamped. The spike
has no derivative; training takes that of ``arctan(pi * x) / pi`` at ``x = u / h - 1`` in its place.

Source: Neftci, Mostafa and Zenke, "Surrogate Gradient Learning in Spiking Neural Networks" (2019);
the arctangent: Fang et al., "Incorporating Learnable Membrane Time Constant" (2021).
"""

from __future__ import annotations

from math import pi
from typing import Any

import torch
from torch import Tensor, nn

from sterna.families.matmul_free.configuration import FLOOR


def fire(
    drive: Tensor, decay: Tensor, threshold: Tensor, membrane: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Potentials u, spikes s and membranes v of every step, each `[time, ...]`.

    `drive` is `[time, ...]`, `membrane`, from before the first step, one time step of it; decay
    and threshold are `[neurons]`.
    """
    potentials, spikes = torch.empty_like(drive), torch.empty_like(drive)
    membranes = torch.empty_like(drive)
    steps = zip(drive, potentials, spikes, membranes, strict=True)
    for value, potential, spike, carried in steps:
        torch.addcmul(value, decay, membrane, out=potential)
        torch.ge(potential, threshold, out=spike)
        torch.addcmul(potential, spike, threshold, value=-1, out=carried).clamp_(min=FLOOR)
        membrane = carried
    return potentials, spikes, membranes


class _Population(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, drive: Tensor, decay: Tensor, threshold: Tensor, membrane: Tensor
    ) -> tuple[Tensor, Tensor]:
        potentials, spikes, membranes = fire(drive, decay, threshold, membrane)
        ctx.save_for_backward(potentials, spikes, membranes, membrane, decay, threshold)
        return spikes, membranes[-1].clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        potentials, spikes, membranes, initial, decay, threshold = ctx.saved_tensors
        of_spikes, of_membrane = gradients
        of_drive = torch.empty_like(potentials)
        of_decay, of_threshold = torch.zeros_like(of_membrane), torch.zeros_like(of_membrane)
        # Step by step, since a step stays in the cache and the whole sequence does not.
        for step in reversed(range(len(potentials))):
            potential, spike = potentials[step], spikes[step]
            of_membrane = membranes[step].gt(FLOOR) * of_membrane
            slope = (potential / threshold).sub_(1).mul_(pi).square_().add_(1).reciprocal_()
            # The spike also resets the membrane; this is the derivative by potential / threshold.
            of_fire = torch.addcmul(of_spikes[step], threshold, of_membrane, value=-1).mul_(slope)
            of_fire.div_(threshold)
            adjoint = torch.add(of_membrane, of_fire, out=of_drive[step])
            of_decay.addcmul_(adjoint, membranes[step - 1] if step else initial)
            of_threshold.addcmul_(of_fire, potential / threshold, value=-1)
            of_threshold.addcmul_(spike, of_membrane, value=-1)
            of_membrane = adjoint * decay
        return of_drive, of_decay.sum(0), of_threshold.sum(0), of_membrane


class LIF(nn.Module):
    """Neurons with a decay and a threshold each, on `[time, batch, neurons]`."""

    def __init__(self, neurons: int) -> None:
        super().__init__()
        # Time constants of all lengths to begin with, the shortest first.
        self.decay_logit = nn.Parameter(torch.linspace(-3, 3, neurons))
        self.threshold_log = nn.Parameter(torch.zeros(neurons))

    def forward(self, values: Tensor, membrane: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the spikes, 0 or 1, and the last membrane; `membrane` is one time step."""
        decay, threshold = torch.sigmoid(self.decay_logit), torch.exp(self.threshold_log)
        spikes, last = _Population.apply(values, decay, threshold, membrane)
        return spikes, last
