"""NIR graphs of frame networks, with seeded weights."""

from __future__ import annotations

from math import prod
from typing import Any

import nir
import numpy as np


def n_mnist(seed: int = 0) -> Any:
    """The nodes and shapes of the N-MNIST network of the NIR paper (its folder paper/02_cnn)."""
    draw = np.random.default_rng(seed)

    def weights(*shape: int) -> np.ndarray:
        return (draw.normal(0.0, 0.6 / prod(shape[1:]) ** 0.25, shape)).astype(np.float32)

    def conv(shape: tuple[int, int], weight: np.ndarray, stride: int) -> Any:
        return nir.Conv2d(input_shape=shape, weight=weight, stride=stride, padding=1, dilation=1,
                          groups=1, bias=np.zeros(len(weight), np.float32))

    def neurons(*shape: int) -> Any:
        ones = np.ones(shape, np.float32)
        return nir.IF(r=ones * 1e4, v_threshold=ones, v_reset=np.zeros_like(ones))

    pool = {"kernel_size": np.array([2, 2]), "stride": np.array([2, 2]),
            "padding": np.array([0, 0])}
    nodes = [
        nir.Input(input_type={"input": np.array([2, 34, 34])}),
        conv((34, 34), weights(16, 2, 5, 5), 2), neurons(16, 16, 16),
        conv((16, 16), weights(16, 16, 3, 3), 1), neurons(16, 16, 16), nir.SumPool2d(**pool),
        conv((8, 8), weights(8, 16, 3, 3), 1), neurons(8, 8, 8), nir.SumPool2d(**pool),
        nir.Flatten(input_type={"input": np.array([8, 4, 4])}, start_dim=0, end_dim=-1),
        nir.Linear(weight=weights(256, 128)), neurons(256),
        nir.Linear(weight=weights(10, 256)), neurons(10),
        nir.Output(output_type={"output": np.array([10])}),
    ]
    return chain(*nodes)


def alone(shape: tuple[int, ...], node: Any, made: tuple[int, ...]) -> Any:
    """A node between input and neurons."""
    ones = np.ones(made, np.float32)
    return chain(
        nir.Input(input_type={"input": np.array(shape)}), node,
        nir.LIF(tau=ones * 2e-4, r=ones * 2, v_leak=ones * 0, v_threshold=ones, v_reset=ones * 0),
        nir.Output(output_type={"output": np.array(made)}))


def chain(*nodes: Any) -> Any:
    """Nodes one behind the other."""
    named = {f"n{index}": node for index, node in enumerate(nodes)}
    names = list(named)
    return nir.NIRGraph(named, list(zip(names[:-1], names[1:], strict=True)), type_check=False)


def filter_of(*shape: int, seed: int = 0) -> np.ndarray:
    """Seeded weights of about one a target."""
    size = prod(shape[1:])
    return np.random.default_rng(seed).normal(0.3 / size, 1.5 / size**0.5, shape).astype(
        np.float32)
