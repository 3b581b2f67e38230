"""Convolutions and pooling of NIR graphs against PyTorch, and what of them stays a window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sterna.errors import InputError
from sterna.families.spiking.codes import input_codes
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.lowering import lower, orders
from sterna.families.spiking.nir.graph import from_graph
from sterna.families.spiking.quantise import quantise
from sterna.families.spiking.store import load_network, save_network
from torch import Tensor
from torch.nn import functional

nir: Any = pytest.importorskip("nir")

from tests.sw.families.spiking.nir.frame_graphs import (  # noqa: E402
    chain,
    filter_of,
    n_mnist,
)

Answer = Callable[[Tensor], Tensor]


def conv(shape: Any, weight: np.ndarray, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
         groups: int = 1) -> tuple[Any, Answer]:
    """A convolution of one or two dimensions, and PyTorch's."""
    kind, function = ((nir.Conv1d, functional.conv1d) if weight.ndim == 3
                      else (nir.Conv2d, functional.conv2d))
    bias = np.arange(len(weight)) / 4
    node = kind(input_shape=shape, weight=weight, stride=stride, padding=padding,
                dilation=dilation, groups=groups, bias=bias)
    given = torch.from_numpy(weight.astype(np.float64)), torch.from_numpy(bias)
    return node, lambda values: function(
        values, *given, stride=stride, padding=padding, dilation=dilation, groups=groups)


def pool(kind: str, kernel: tuple[int, int], stride: tuple[int, int],
         padding: tuple[int, int] = (0, 0)) -> tuple[Any, Answer]:
    """A pooling, and PyTorch's."""
    node = getattr(nir, kind)(kernel_size=np.array(kernel), stride=np.array(stride),
                              padding=np.array(padding))
    factor = 1 if kind == "AvgPool2d" else kernel[0] * kernel[1]
    return node, lambda values: functional.avg_pool2d(values, kernel, stride, padding) * factor


def flatten(*shape: int) -> tuple[Any, Answer]:
    node = nir.Flatten(input_type={"input": np.array(shape)}, start_dim=0, end_dim=-1)
    return node, lambda values: values.flatten(1)


def linear(weight: np.ndarray) -> tuple[Any, Answer]:
    return nir.Linear(weight=weight), lambda values: values @ torch.from_numpy(
        weight.astype(np.float64)).T


def scale(factors: np.ndarray) -> tuple[Any, Answer]:
    return nir.Scale(scale=factors), lambda values: values * torch.from_numpy(factors)


CASES: dict[str, tuple[tuple[int, ...], list[tuple[Any, Answer]], bool]] = {
    # Kernels that are not square, of which nir 1.0.8 infers wrong shapes.
    "kernel": ((2, 7, 5), [conv((7, 5), filter_of(3, 2, 2, 4), padding=(1, 2))], True),
    "steps": ((1, 9, 8), [conv((9, 8), filter_of(2, 1, 3, 2), (2, 3), (2, 0), (2, 1))], True),
    "same": ((1, 5, 6), [conv((5, 6), filter_of(2, 1, 2, 4), padding="same")], True),
    "groups": ((4, 5, 5), [conv((5, 5), filter_of(6, 2, 3, 3), groups=2)], True),
    "depth-wise": ((3, 8), [conv(8, filter_of(3, 1, 5), padding=4, dilation=2, groups=3)], True),
    "one dimension": ((2, 9), [conv(9, filter_of(4, 2, 3), stride=2, padding=1)], True),
    "average": ((2, 5, 6), [pool("AvgPool2d", (2, 3), (2, 3))], True),
    "overlapping": ((2, 5, 6), [pool("SumPool2d", (3, 2), (1, 2), (1, 0))], True),
    "two pools": ((1, 9, 8), [pool("AvgPool2d", (2, 2), (2, 2)),
                              pool("SumPool2d", (1, 2), (1, 2))], True),
    "pool, conv": ((2, 9, 8), [pool("SumPool2d", (2, 2), (2, 2)),
                               conv((4, 4), filter_of(3, 2, 3, 3), padding=1)], True),
    "pool, linear": ((2, 5, 4), [pool("AvgPool2d", (2, 2), (2, 2)), flatten(2, 2, 2),
                                 linear(filter_of(3, 8))], True),
    "pool, flatten, conv": ((2, 4, 6), [
        pool("SumPool2d", (2, 3), (2, 3)), flatten(2, 2, 2),
        (conv(8, filter_of(2, 1, 3), padding=1)[0], lambda values: conv(
            8, filter_of(2, 1, 3), padding=1)[1](values[:, None]))], True),
    "conv, scale": ((1, 4, 4), [conv((4, 4), filter_of(2, 1, 3, 3)),
                                scale(np.array([0.5, 2.0]).reshape(2, 1, 1))], True),
    "conv, pool": ((1, 6, 6), [conv((6, 6), filter_of(2, 1, 3, 3)),
                               pool("SumPool2d", (2, 2), (2, 2))], False),
    "conv, conv": ((1, 5, 5), [conv((5, 5), filter_of(2, 1, 2, 2)),
                               conv((4, 4), filter_of(1, 2, 3, 3), padding=1)], False),
    "scale, conv": ((1, 4, 4), [scale(np.linspace(0.5, 1, 16).reshape(1, 4, 4)),
                                conv((4, 4), filter_of(2, 1, 3, 3))], False),
}
"""Shapes of the input, nodes with PyTorch's, and whether one window stands for all."""


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("name", CASES)
def test_a_chain_is_what_pytorch_makes_of_it(name: str) -> None:
    shape, nodes, one = CASES[name]
    frames = np.random.default_rng(3).normal(size=(2, 3, int(np.prod(shape))))
    values = torch.from_numpy(frames.reshape(6, *shape))
    for _, answer in nodes:
        values = answer(values)
    network, _ = from_graph(chain(
        nir.Input(input_type={"input": np.array(shape)}), *(node for node, _ in nodes),
        nir.Output(output_type={"output": np.array(values.shape[1:])})), "net")
    found = network.run(frames)[network.output]
    assert np.allclose(found, values.reshape(2, 3, -1).numpy())
    assert [item.window is not None for item in network.connections] == [one]


def test_n_mnist(tmp_path: Path) -> None:
    """The weights of its file are there once, hidden populations have channels side by side; what
    the golden gives is in the order of the graph."""
    real, _ = from_graph(n_mnist(), "n-mnist")
    assert sum(item.weights.size for item in real.connections) == 39_584
    network = quantise(real)
    program = lower(network)
    assert program.trits() == 5 * 39_584 and list(orders(network)) == ["n2", "n4", "n7"]
    frames = (np.random.default_rng(0).random((4, 1, real.inputs)) < 0.05).astype(np.float64)
    wanted = real.run(frames)
    golden = GoldenNetwork(network)
    found = golden.run(input_codes(network, frames))
    assert found["n2"].sum() > 100 and (found["n2"] != wanted["n2"]).mean() < 0.01
    save_network(network, tmp_path / "net")
    again = GoldenNetwork(load_network(tmp_path / "net")).run(input_codes(network, frames))
    assert all(np.array_equal(again[name], spikes) for name, spikes in found.items())


def test_sizes_that_are_exchanged() -> None:
    node, _ = conv((6, 4), filter_of(2, 1, 3, 3))
    graph = chain(nir.Input(input_type={"input": np.array([1, 4, 6])}), node,
                  nir.Output(output_type={"output": np.array([2, 2, 4])}))
    with pytest.raises(InputError, match="; it looks like width, height, where height comes fir"):
        from_graph(graph, "net")


@pytest.mark.parametrize(("node", "told"), [
    (conv((4, 4), filter_of(2, 3, 3, 3))[0], "its weight takes 3 channels in each of 1 groups"),
    (conv((4, 4), filter_of(2, 1, 5, 3))[0], "it would make 0 x 2 positions"),
    (pool("SumPool2d", (3, 5), (3, 5))[0], "it would make 1 x 0 positions"),
    (conv((4, 4), filter_of(2, 1, 3, 3), padding=10**4)[0],
     r"it would make \[2, 20002, 20002\], at most 16777216 values are possible"),
    (nir.SumPool2d(kernel_size=2, stride=2, padding="same"), "its padding is 'same'; a pooling"),
    (pool("SumPool2d", (10**6, 10**6), (1, 1), (10**6, 10**6))[0],
     r"its kernel_size is \[1000000, 1000000\]"),
])
def test_what_does_not_fit(node: Any, told: str) -> None:
    graph = nir.NIRGraph({
        "in": nir.Input(input_type={"input": np.array([1, 4, 4])}), "made": node,
        "out": nir.Output(output_type={"output": np.array([1])})},
        [("in", "made"), ("made", "out")], type_check=False)
    with pytest.raises(InputError, match=rf"node made: .* does not fit values of .*{told}"):
        from_graph(graph, "net")
