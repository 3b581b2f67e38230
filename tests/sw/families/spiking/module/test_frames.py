"""Modules of convolutions, pools and batch norms: they fire as the libraries do, and so do the
integers, on the golden and on the emulated machine."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sterna.compiler.fit import fit_machine
from sterna.errors import InputError
from sterna.families.spiking.codes import input_codes
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.lowering import lower, orders
from sterna.families.spiking.module.network import from_module
from sterna.families.spiking.module.run import run_module
from sterna.families.spiking.network import RealNetwork
from sterna.families.spiking.quantise import SpikingFormats, quantise
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.presets import step_machine
from sterna_sim.verification import Verifier
from torch import nn
from torch.nn import functional

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    snn: Any = pytest.importorskip("snntorch")
    jelly: Any = pytest.importorskip("spikingjelly.activation_based.neuron")
    layer: Any = pytest.importorskip("spikingjelly.activation_based.layer")


def leaky() -> Any:
    return snn.Leaky(beta=0.5, threshold=0.5, init_hidden=True)


def normed(channels: int) -> Any:
    """A batch norm that was trained: every statistic and every factor says something."""
    norm = layer.BatchNorm2d(channels)
    with torch.no_grad():
        norm.running_mean.uniform_(-0.2, 0.2)
        norm.running_var.uniform_(0.1, 0.3)
        norm.weight.uniform_(0.5, 1.5)
        norm.bias.uniform_(-0.1, 0.3)
    return norm


class Tutorial(nn.Module):
    """As snnTorch's tutorials write one, pools behind the neurons; one pool is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.lif1 = nn.Conv2d(1, 4, 3), leaky()
        self.conv2, self.lif2 = nn.Conv2d(4, 6, 3, padding="same"), leaky()
        self.pool, self.fc, self.lif3 = nn.MaxPool2d(2), nn.Linear(24, 5), leaky()

    def forward(self, values: torch.Tensor) -> Any:
        values = self.pool(self.lif1(self.conv1(values)))
        values = self.pool(self.lif2(self.conv2(values)))
        return self.lif3(self.fc(values.view(values.shape[0], -1)))


class Residual(nn.Module):
    """A sum of spikes of two paths, as in SEW-ResNet, and a pool straight before neurons."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = layer.Conv2d(2, 4, 3, padding=1), normed(4)
        self.lif1 = jelly.IFNode()
        self.conv2, self.bn2 = layer.Conv2d(4, 4, 3, padding=1, groups=2, bias=False), normed(4)
        self.lif2, self.pool = jelly.LIFNode(tau=2.0), layer.MaxPool2d(3, 2, 1)
        self.lif3, self.fc = jelly.LIFNode(tau=1.5), layer.Linear(36, 3)

    def forward(self, values: torch.Tensor) -> Any:
        values = self.lif1(self.bn1(self.conv1(values)))
        values = self.lif2(self.bn2(self.conv2(values)) + 0.6 * values)
        return self.fc(self.lif3(self.pool(values)).flatten(1))


MODULES: dict[str, tuple[tuple[int, ...], Callable[[], Any]]] = {
    "snntorch": ((1, 10, 10), Tutorial),
    "spikingjelly": ((2, 5, 6), Residual),
    "averages": ((1, 8, 8), lambda: nn.Sequential(
        layer.Conv2d(1, 3, 3, stride=2, padding=1), normed(3), jelly.ParametricLIFNode(),
        layer.AvgPool2d(2, 2), nn.Dropout2d(), layer.Conv2d(3, 4, 1), jelly.IFNode(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))),
    "one dimension": ((2, 12), lambda: nn.Sequential(
        nn.Conv1d(2, 4, 3, dilation=2), leaky(), nn.MaxPool1d(2), nn.Conv1d(4, 3, 2), leaky(),
        nn.AvgPool1d(3), nn.Flatten(), nn.Linear(3, 4), leaky())),
}


def read(name: str) -> tuple[Any, RealNetwork]:
    shape, make = MODULES[name]
    torch.manual_seed(1)
    module = make()
    return module, from_module(module, shape=shape)[0]


@pytest.mark.parametrize("name", MODULES)
def test_what_is_read_fires_as_the_module(name: str) -> None:
    """On frames that the check has not seen; every convolution and pool is a window."""
    module, network = read(name)
    frames = (np.random.default_rng(1).random((60, 2, network.inputs)) < 0.3).astype(float)
    expected = run_module(
        module, "module", MODULES[name][0], frames, [], double=True)[""]
    found = network.run(frames)
    assert np.allclose(found[network.output], expected, atol=1e-5)
    assert all(item.any() for item in found.values())
    assert sum(item.window is None for item in network.connections) <= 1


@pytest.mark.parametrize("name", MODULES)
def test_integers_are_the_same_on_golden_and_machine(name: str) -> None:
    """The float network's spikes nearly all, and the emulated machine's in every value."""
    _, real = read(name)
    network = quantise(real, SpikingFormats(planes=8))
    frames = (np.random.default_rng(2).random((12, 1, real.inputs)) < 0.3).astype(float)
    golden = GoldenNetwork(network).run(input_codes(network, frames))
    wanted = real.run(frames)
    for item in network.populations:
        if item.name != network.output:
            assert (golden[item.name] != wanted[item.name]).mean() < 0.01, item.name
    program = lower(network)
    machine = fit_machine(program, step_machine(synapse_lanes=4, neuron_lanes=2))
    verifier = Verifier(program, machine, board=EmulatedBoard(machine.having(trace=True)))
    outcome = verifier.verify([list(input_codes(network, frames)[:, 0])])
    assert outcome.differences == 0, outcome.first_difference


def test_a_pool_of_spikes_takes_two_bits_a_neuron() -> None:
    """Its neurons have nothing to multiply, and its maps stand as those around it."""
    _, real = read("snntorch")
    network = quantise(real)
    pools = [item for item in network.populations if item.name.startswith("max_")]
    assert [item.name for item in pools] == ["max_pool", "max_pool_"]
    assert all(item.definition.membrane_bits == 2 and item.fraction == 0 for item in pools)
    assert set(orders(network)) == {"lif1", "lif2", "max_pool", "max_pool_"}


class Functional(Tutorial):
    """Pools that are functions, not children."""

    def forward(self, values: torch.Tensor) -> Any:
        values = functional.max_pool2d(self.lif1(self.conv1(values)), 2)
        values = functional.max_pool2d(self.lif2(self.conv2(values)), kernel_size=2, stride=2)
        return self.lif3(self.fc(torch.flatten(values, 1)))


def test_pools_that_are_functions() -> None:
    torch.manual_seed(1)
    network, _ = from_module(Functional(), shape=(1, 10, 10))
    _, other = read("snntorch")
    frames = (np.random.default_rng(3).random((20, 2, 100)) < 0.3).astype(float)
    assert np.array_equal(network.run(frames)["lif3"], other.run(frames)["lif3"])


@pytest.mark.parametrize(("module", "message"), [
    (lambda: nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(1, 2, 3), leaky()),
     "module 0: MaxPool2d of what are no spikes"),
    (lambda: nn.Sequential(nn.Conv2d(1, 2, 3), leaky(), nn.MaxPool2d(4, ceil_mode=True)),
     r"module 2: gives \[2, 2, 2\] values, where windows that lie within its input make \[2, 1, 1\]"
     "; give ceil_mode=False"),
    (lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2, track_running_stats=False),
                           leaky()), "module 1: normalises by its batch"),
    (lambda: nn.Sequential(layer.Conv2d(1, 2, 3), layer.ThresholdDependentBatchNorm2d(1, 1.0, 2),
                           jelly.IFNode()), "module 1: ThresholdDependentBatchNorm2d takes sev"),
])
def test_refusals(module: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_module(module(), shape=(1, 8, 8))
