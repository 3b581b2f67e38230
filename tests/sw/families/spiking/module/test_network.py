"""Torch modules of three frameworks: what is handed out fires as the module, or is refused."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sterna.errors import InputError
from sterna.families.spiking.codes import input_codes
from sterna.families.spiking.module.compare import check_frames
from sterna.families.spiking.module.network import from_module
from sterna.families.spiking.module.run import run_module
from sterna.families.spiking.module.snntorch import from_snntorch
from sterna.families.spiking.quantise import quantise
from torch import nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    snn: Any = pytest.importorskip("snntorch")
    jelly: Any = pytest.importorskip("spikingjelly.activation_based.neuron")
    layer: Any = pytest.importorskip("spikingjelly.activation_based.layer")
    norse: Any = pytest.importorskip("norse.torch")

RESETS = ("subtract", "zero", "none")
HIDDEN = {"init_hidden": True}


def linear(inputs: int, outputs: int) -> nn.Linear:
    module = nn.Linear(inputs, outputs)
    with torch.no_grad():
        module.weight.mul_(3)
    return module


def leaky(**values: Any) -> Any:
    return snn.Leaky(beta=torch.rand(8), threshold=torch.rand(8) + 0.5, **HIDDEN, **values)


def norse_levels(value: float, neurons: int) -> torch.Tensor:
    return torch.full((neurons,), value)


def norse_net(seed: int) -> Any:
    rate = 100.0 + 50 * seed
    lif = norse.LIFParameters(
        v_th=norse_levels(0.5, 8), v_leak=norse_levels(0.0, 8), tau_mem_inv=norse_levels(rate, 8),
        tau_syn_inv=norse_levels(300, 8))
    box = norse.LIFBoxParameters(
        v_th=norse_levels(0.3, 8), v_leak=norse_levels(0.0, 8), tau_mem_inv=norse_levels(250, 8))
    return norse.SequentialState(
        linear(6, 8), norse.LIFCell(lif), linear(8, 8), norse.LIFBoxCell(box))


KINDS: dict[str, Callable[[int], Any]] = {
    "Leaky": lambda seed: leaky(reset_mechanism=RESETS[seed % 3], reset_delay=seed < 3),
    "Synaptic": lambda seed: snn.Synaptic(
        alpha=torch.rand(8), beta=torch.rand(8), reset_mechanism=RESETS[seed % 3],
        reset_delay=seed < 3, **HIDDEN),
    "Alpha": lambda seed: snn.Alpha(
        alpha=0.9, beta=0.6, reset_mechanism=RESETS[seed % 3], **HIDDEN),
    "RLeaky": lambda seed: snn.RLeaky(
        beta=0.7, linear_features=8, reset_mechanism=RESETS[seed % 3], **HIDDEN),
    "RLeaky one to one": lambda seed: snn.RLeaky(
        beta=0.7, all_to_all=False, V=torch.rand(8), reset_mechanism=RESETS[seed % 3], **HIDDEN),
    "RSynaptic": lambda seed: snn.RSynaptic(
        alpha=0.5, beta=0.7, linear_features=8, reset_mechanism=RESETS[seed % 3], **HIDDEN),
    "IFNode": lambda seed: jelly.IFNode(v_reset=(0.0, None, -0.3)[seed % 3]),
    "LIFNode": lambda seed: jelly.LIFNode(
        tau=1.5, decay_input=seed < 3, v_reset=(0.0, None, 0.1)[seed % 3], step_mode="m"),
    "ParametricLIFNode": lambda seed: jelly.ParametricLIFNode(
        init_tau=1.5, decay_input=seed < 3, v_reset=(0.0, None, 0.1)[seed % 3]),
}


@pytest.mark.parametrize("kind", [*KINDS, "norse"])
def test_random_modules_fire_alike(kind: str) -> None:
    """Every kind of neuron with every reset, on steps that the check has not seen."""
    for seed in range(6):
        torch.manual_seed(seed)
        module = norse_net(seed) if kind == "norse" else nn.Sequential(
            linear(6, 8), KINDS[kind](seed), nn.Dropout(0.5), linear(8, 8), KINDS[kind](seed))
        network, agreement = from_module(module)
        assert agreement.steps == 160 and not agreement.double
        assert list(agreement.spikes.values())[0] > 20, agreement
        frames = check_frames(6, seed=1)
        expected = run_module(module, "module", (6,), frames, [])[""]
        assert np.array_equal(network.run(frames)[network.output], expected)


class Net(nn.Module):
    """Children that are declared in another order than they are called in."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.second, self.first = leaky(), leaky()
        self.wide, self.into = linear(8, 8), linear(6, 8)
        self.out, self.last = linear(8, 8), leaky()
        self.past: torch.Tensor | None = None

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.last(self.out(self.second(self.wide(self.first(self.into(values))))))


class Residual(Net):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        early = self.first(self.into(values))
        late = self.second(self.wide(early) + 0.5 * early - 0.25)
        return self.last(self.out((late + early).flatten(1)))


class Shared(Net):
    """A Linear twice, which is no state; and a sum that is not a spike in the end."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        late = self.second(self.wide(self.wide(self.first(self.into(values)))))
        return self.out(late) - late


class Joined(Net):
    def __init__(self) -> None:
        super().__init__()
        self.both = linear(14, 8)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        early = self.first(self.into(values))
        return self.last(self.both(torch.cat([early / 2, values], 1)))


class Again(Net):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.last(self.out(self.first(self.wide(self.first(self.into(values))))))


class Product(Net):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        early = self.first(self.into(values))
        return self.last(self.wide(early) * early)


class Remembers(Net):
    """Takes spikes of the step before, which the first step does not show."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        early = self.first(self.into(values) + (0 if self.past is None else 4 * self.past))
        self.past = early
        return self.last(self.out(early))


class Gated(Net):
    """Skips a part where nothing fires, as no network of fixed weights does."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        early = self.first(self.into(values))
        return self.last(self.out(early) if float(values.sum()) > 3 else self.wide(early))


class Silent(Net):
    """Another path, where nothing fires by which to see it."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        early = self.first(self.into(values))
        late = self.out(early) if float(values.sum()) > 3 else self.wide(early)
        return self.last(late * 1e-3)


class States(Net):
    def forward(self, values: torch.Tensor, first: torch.Tensor, last: torch.Tensor) -> None:
        del values, first, last


class Membrane(Net):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        self.first.output = True
        return self.last(self.out(self.first(self.into(values))[1]))


class Breaks(Net):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        raise ZeroDivisionError("of the user\nand more")


class Sums(Net):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.last(self.out(self.first(self.into(values)))).sum()


@pytest.mark.parametrize("kind", [Net, Residual, Shared, Joined])
def test_the_order_of_calls_counts(kind: type[Net]) -> None:
    """Not that of declaration; sums, scalings and reshapes of what children give."""
    module = kind()
    network, agreement = from_module(module)
    assert all(count > 50 for count in agreement.spikes.values())
    frames = check_frames(6, seed=1)
    expected = run_module(module, "module", (6,), frames, [])[""]
    assert np.allclose(network.run(frames)[network.output], expected, atol=1e-4)
    assert quantise(network).inputs == 6 and input_codes(quantise(network), frames[:40]).any()


@pytest.mark.parametrize(("kind", "message"), [
    (Again, "module first: is called more than once in a step"),
    (Product, "module last: its input comes from mul, which cannot be followed"),
    (Membrane, "module last: the membranes of first.mem lead to it; that can be LI or I"),
    (Remembers, "fires otherwise than what was read of it: step 1, first, neuron"),
    (Gated, "fires otherwise than what was read of it: step 2, last, neuron"),
    (Silent, r"step \d+, the input of last, neuron \d: the module gives -?0.0"),
    (States, "its forward takes values, first, last; give a module that"),
    (Breaks, "its forward failed .ZeroDivisionError: of the user.; it must take one step"),
    (Sums, "module module: "),
])
def test_what_cannot_be_followed_is_refused(kind: type[Net], message: str) -> None:
    """By name; or by the first population, step and neuron that differ."""
    with pytest.raises(InputError, match=message) as caught:
        from_snntorch(kind(), "module", (6,))
    assert "\n" not in str(caught.value)


def test_a_convolution_in_multi_step_mode() -> None:
    """SpikingJelly's layers, a nested container, and a batch norm in evaluation."""
    torch.manual_seed(3)
    norm = layer.BatchNorm2d(2)
    norm.running_mean.fill_(0.25)
    with torch.no_grad():
        norm.weight.fill_(3.0)
    module: Any = nn.Sequential(
        nn.Sequential(layer.Conv2d(1, 2, 3), norm, jelly.LIFNode()), layer.AvgPool2d(2, 2),
        layer.Flatten(), linear(18, 4), jelly.LIFNode(tau=1.1))
    children: list[Any] = list(module.modules())
    for child in children:
        if hasattr(child, "step_mode"):
            child.step_mode = "m"
    module.train()
    network, agreement = from_module(module, shape=(1, 8, 8))
    assert network.inputs == 64 and agreement.spikes["0.2"] > 100 and agreement.spikes["4"] > 0
    assert module.training and module[4].step_mode == "m"
    with pytest.raises(InputError, match="give the shape of one input"):
        from_module(module)


def test_a_trained_module_stays_as_it_is() -> None:
    """Its hidden state hangs on a graph; the check runs a copy."""
    module: Any = nn.Sequential(linear(6, 8), leaky())
    module(torch.rand(1, 6)).sum().backward()
    before = module[1].mem.clone()
    from_module(module)
    assert torch.equal(module[1].mem, before) and module[1].mem.grad_fn is not None


def test_single_precision_is_no_difference() -> None:
    """A tenth ten times is more than 1 in single precision, and less in double."""
    module: Any = nn.Sequential(nn.Linear(6, 8, bias=False), snn.Leaky(beta=1.0, **HIDDEN))
    with torch.no_grad():
        module[0].weight.fill_(0.1)
    network, agreement = from_module(module)
    assert agreement.double and "in double precision" in agreement.summary()
    assert network.inputs == 6


@pytest.mark.parametrize(("module", "message"), [
    (lambda: 3, "is no torch.nn.Module but int"),
    (lambda: nn.Sequential(nn.Linear(2, 2)), "holds no neurons of snnTorch, SpikingJelly or"),
    (lambda: nn.Sequential(linear(2, 2), jelly.IFNode(), leaky()), "mixes snntorch and spiking"),
    (lambda: nn.Sequential(linear(6, 8), snn.Leaky(beta=0.5)), "fires otherwise|forward failed"),
    (lambda: nn.Sequential(linear(6, 8), snn.Lapicque(beta=0.5, **HIDDEN)), "1: Lapicque is not"),
    (lambda: nn.Sequential(linear(6, 8), jelly.QIFNode()), "1: QIFNode is not one of"),
    (lambda: nn.Sequential(linear(6, 8), leaky(graded_spikes_factor=2.0)), "graded spikes"),
    (lambda: nn.Sequential(linear(6, 8), snn.Leaky(beta=float("nan"), **HIDDEN)),
     "population 1: factor holds values that are not finite"),
    (lambda: nn.Sequential(linear(6, 8), snn.Leaky(beta=0.5, threshold=float("inf"), **HIDDEN)),
     "population 1: threshold holds values that are not finite"),
])
def test_refusals(module: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        network, _ = from_module(module())
        # snnTorch hands out the membrane beside the spikes: its first is what counts.
        assert network.output == "1"
        raise InputError("fires otherwise")


def test_weights_that_are_not_numbers() -> None:
    module: Any = nn.Sequential(linear(6, 8), leaky())
    with torch.no_grad():
        module[0].weight[0, 0] = float("nan")
    with pytest.raises(InputError, match="weights from input to 1 are not all finite"):
        from_module(module)


class Filtered(nn.Module):
    """A membrane that no spike resets, as the current of the next; and its own as the output."""

    def __init__(self, output: str) -> None:
        super().__init__()
        self.into, self.out = linear(6, 5), linear(5, 3)
        self.first = snn.Leaky(beta=0.75, reset_mechanism="none", output=True, **HIDDEN)
        self.last = snn.Leaky(beta=0.5, threshold=2.0, reset_mechanism="subtract", output=True,
                              **HIDDEN)
        self.wanted = output

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        _, membrane = self.first(self.into(values))
        spikes, last = self.last(self.out(membrane))
        return spikes if self.wanted == "spikes" else last


@pytest.mark.parametrize("wanted", ["spikes", "membrane"])
def test_membranes_that_a_module_hands_on(wanted: str) -> None:
    torch.manual_seed(2)
    module = Filtered(wanted)
    network, _ = from_module(module)
    assert [item.name for item in network.populations] == [
        "last" if wanted == "spikes" else "last.mem"]
    frames = check_frames(6, seed=1)
    expected = run_module(module, "module", (6,), frames, [], double=True)[""]
    found = network.run(frames)[network.output]
    assert np.allclose(found, expected, atol=1e-4) and expected.any()
    assert quantise(network).output == network.output
