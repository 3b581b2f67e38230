"""The float reference against SpikingJelly's neurons, put together as the authors' modules are."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from sterna.errors import InputError
from sterna.families.spikformer_v2.configuration import Block, Configuration, Stage
from sterna.families.spikformer_v2.reference import Reference
from sterna.families.spikformer_v2.version import SPIKFORMER_V2
from sterna.families.spiking_transformer.random_model import images, random_tensors
from sterna.families.spiking_transformer.reference import ATTENTION_THRESHOLD, leaky
from torch import Tensor, nn

SMALL = Configuration(image=32, width=16, convs=4, blocks=2, heads=2, classes=5)
Tensors = dict[str, Tensor]


class Told(Reference):
    """Remembers spikes and membranes of every step by the names of neurons."""

    def __init__(self, configuration: Configuration, tensors: Tensors, steps: int) -> None:
        super().__init__(configuration, tensors)
        self.steps = steps
        self.told: dict[str, tuple[Tensor, Tensor]] = {}

    def fire(self, name: str, x: Tensor, attention: bool = False) -> Tensor:
        self.told[name] = leaky(x.unflatten(0, (self.steps, -1)),
                                ATTENTION_THRESHOLD if attention else 1.0)
        return super().fire(name, x, attention)


class Modules(nn.Module):
    """Step by step: convolution, batch norm and neurons by their names, which keep their state."""

    def __init__(self, neurons: Any, configuration: Configuration, tensors: Tensors) -> None:
        super().__init__()
        self.neurons, self.configuration, self.given = neurons, configuration, tensors
        self.there: dict[str, nn.Module] = {}
        self.spikes: dict[str, Tensor] = {}

    def part(self, name: str, kind: str, suffix: str, x: Tensor, module: nn.Module,
             norm: nn.Module) -> Tensor:
        """A convolution with what is behind it; made at the first step."""
        names = [f"{name}.{kind}{what}{suffix}" for what in ("conv", "bn")]
        for key, made in zip(names, (module, norm), strict=True):
            if key not in self.there:
                own = {item.removeprefix(f"{key}."): value for item, value in self.given.items()
                       if item.startswith(f"{key}.")}
                made.double().load_state_dict(own, strict=False)
                assert {*own} == {item for item in made.state_dict() if "num_batches" not in item}
                self.there[key] = made.eval()
        return self.fire(f"{name}.{kind}lif{suffix}", self.there[names[1]](self.there[names[0]](x)))

    def fire(self, name: str, x: Tensor, threshold: float = 1.0) -> Tensor:
        if name not in self.there:
            self.there[name] = self.neurons.LIFNode(tau=2.0, v_threshold=threshold)
        self.spikes[name] = self.there[name](x)
        return self.spikes[name]

    def stage(self, layer: Stage, x: Tensor) -> Tensor:
        width, suffix = layer.outputs, "" if layer.index == 0 else str(layer.index)
        x = self.part("patch_embed", "proj_", suffix, x, nn.Conv2d(
            layer.inputs, width, 2, 2, bias=False), nn.BatchNorm2d(width))
        name = f"patch_embed.scs{suffix}"
        y = self.part(name, "", "1", x, nn.Conv2d(width, 4 * width, 3, padding=1, bias=False),
                      nn.BatchNorm2d(4 * width))
        return x + self.part(name, "", "2", y, nn.Conv2d(
            4 * width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def block(self, layer: Block, x: Tensor) -> Tensor:
        """Scores first, which the reference does last."""
        width, size = layer.width, layer.width // layer.heads
        name, flat = f"{layer.name}.attn", x.flatten(2)
        made = []
        for part in "qkv":
            y = self.part(name, f"{part}_", "", flat, nn.Conv1d(width, width, 1, bias=False),
                          nn.BatchNorm1d(width))
            made.append(y.unflatten(1, (layer.heads, size)).transpose(2, 3))
        q, k, v = made
        y = torch.einsum("bhqc,bhkc->bhqk", q, k) @ v * 0.125
        y = self.fire(f"{name}.attn_lif", y.transpose(2, 3).reshape(flat.shape), 0.5)
        y = self.part(name, "proj_", "", y, nn.Conv1d(width, width, 1), nn.BatchNorm1d(width))
        x = x + y.reshape(x.shape)
        y = self.part(f"{layer.name}.mlp", "fc1_", "", x, nn.Conv2d(width, 4 * width, 1),
                      nn.BatchNorm2d(4 * width))
        return x + self.part(f"{layer.name}.mlp", "fc2_", "", y, nn.Conv2d(4 * width, width, 1),
                             nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.configuration.layers():
            x = self.stage(layer, x) if isinstance(layer, Stage) else self.block(layer, x)
        return x.flatten(2).mean(2) @ self.given["head.weight"].T + self.given["head.bias"]


def test_every_layer_and_step() -> None:
    """Spikes and membranes of all neurons, and the classes, in four steps of two samples."""
    neurons: Any = pytest.importorskip("spikingjelly.activation_based.neuron")
    tensors, given = random_tensors(SPIKFORMER_V2, SMALL, 1), images(SMALL, 4, 2, 5)
    modules = Modules(neurons, SMALL, tensors)
    with torch.no_grad():
        reference = Told(SMALL, tensors, len(given))
        found = reference.run(given)
        for step, x in enumerate(given):
            assert torch.allclose(modules(x), found[step], rtol=0, atol=1e-12)
            for name, spikes in modules.spikes.items():
                own, membranes = (item[step].reshape(spikes.shape)
                                  for item in reference.told[name])
                node: Any = modules.there[name]
                assert torch.equal(spikes, own), (name, step)
                assert torch.allclose(node.v, membranes, rtol=0, atol=1e-12), (name, step)
    assert set(modules.spikes) == set(reference.told) and len(modules.spikes) == 12 + 2 * 7
    assert all(spikes.any() for spikes, _ in reference.told.values()) and found.std() > 0.1


def test_published_size() -> None:
    """Weights of the model of eight blocks of 512 channels: 51.55 M."""
    published = Configuration(image=224, width=512, convs=4, blocks=8, heads=8, classes=1000)
    weights = sum(torch.Size(shape).numel() for name, shape in published.shapes().items()
                  if "running" not in name)
    assert round(weights / 1e6, 2) == 51.55


@pytest.mark.parametrize(("wrong", "told"), [
    ({"width": 12}, "width is 12; channels double three times, so give a multiple of 8"),
    ({"image": 40}, "image is 40; it is halved four times, so give a multiple of 16"),
    ({"heads": 3}, "3 heads do not divide the 16 channels"),
    ({"blocks": 63}, "blocks is 63; it must be 1 to 62"),
])
def test_shapes_that_cannot_be(wrong: dict[str, int], told: str) -> None:
    values = {"image": 32, "width": 16, "convs": 4, "blocks": 1, "heads": 4, "classes": 5}
    with pytest.raises(InputError, match=told):
        Configuration(**values | wrong)
