"""What a convolution or pooling of a NIR graph answers to unit inputs, by PyTorch."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sterna.families.spiking.nir.shapes import Shape, sizes


def unit_answers(kind: str, node: Any, shape: Shape) -> NDArray[np.float64]:
    """The matrix [outputs, inputs]. Raises RuntimeError or ValueError for a misfit."""
    size = prod(shape)
    units = torch.eye(size, dtype=torch.float64).reshape(size, *shape)
    with torch.no_grad():
        return _answer(kind, node, units).reshape(size, -1).T.numpy().copy()


def _answer(kind: str, node: Any, values: torch.Tensor) -> torch.Tensor:
    if kind in ("Conv1d", "Conv2d"):
        function = torch.nn.functional.conv1d if kind == "Conv1d" else torch.nn.functional.conv2d
        weight = torch.from_numpy(np.array(node.weight, np.float64))
        return function(
            values, weight, stride=sizes(node.stride), padding=sizes(node.padding),
            dilation=sizes(node.dilation), groups=int(np.ravel(node.groups)[0]),
        )
    kernel, stride, padding = (
        sizes(value) for value in (node.kernel_size, node.stride, node.padding)
    )
    mean = torch.nn.functional.avg_pool2d(values, kernel, stride, padding)
    if kind == "AvgPool2d":
        return mean
    kernel = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    return mean * prod(int(value) for value in kernel)
