"""The float reference against modules put together as the authors' are (spec/systems.md S7)."""

from __future__ import annotations

import pytest
import torch
from sterna.errors import InputError
from sterna.families.sdt_v2.configuration import Attention, Configuration, Convolutions, Down
from sterna.families.sdt_v2.reference import Reference
from sterna.families.sdt_v2.version import SDT_V2
from sterna.families.spiking_transformer.random_model import images, random_tensors
from torch import Tensor, nn

SMALL = Configuration(image=32, width=8, convs=4, third=2, fourth=1, heads=4, classes=5)
Tensors = dict[str, Tensor]


class Lif(nn.Module):
    """Of SpikingJelly: tau 2, hard reset to 0, all steps at once."""

    def __init__(self, threshold: float = 1.0) -> None:
        super().__init__()
        self.threshold = threshold

    def forward(self, x: Tensor) -> Tensor:
        v, found = torch.zeros_like(x[0]), []
        for row in x:
            v = v + (row - v) / 2.0
            found.append((v >= self.threshold).to(x.dtype))
            v = torch.where(v >= self.threshold, 0.0, v)
        return torch.stack(found)


def over_steps(module: nn.Module, x: Tensor) -> Tensor:
    return module(x.flatten(0, 1)).unflatten(0, x.shape[:2])


def filled(module: nn.Module, tensors: Tensors, name: str) -> nn.Module:
    own = {key.removeprefix(name): value for key, value in tensors.items()
           if key.startswith(name)}
    assert set(own) == {key for key in module.state_dict() if "num_batches" not in key}
    module.double().load_state_dict(own, strict=False)
    return module.eval()


class Border(nn.Module):
    """Batch norm, and around it what it makes of 0."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        edge = self.bn(torch.zeros_like(x))[:, :, :1, :1]
        made = edge.expand(-1, -1, x.shape[2] + 2, x.shape[3] + 2).clone()
        made[:, :, 1:-1, 1:-1] = self.bn(x)
        return made


class RepConv(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 1, bias=False), Border(width),
            nn.Sequential(nn.Conv2d(width, width, 3, groups=width, bias=False),
                          nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width)))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


def rep_conv(width: int) -> nn.Module:
    return nn.Sequential(RepConv(width), nn.BatchNorm2d(width))


def attention(layer: Attention, x: Tensor, tensors: Tensors) -> Tensor:
    """Scores first, which the reference does last."""
    spikes, width, size = Lif()(x), layer.width, layer.width // layer.heads
    made = []
    for part in ("q", "k", "v"):
        y = Lif()(over_steps(filled(
            rep_conv(width), tensors, f"{layer.name}.attn.{part}_conv."), spikes))
        made.append(y.flatten(3).unflatten(2, (layer.heads, size)).transpose(3, 4))
    q, k, v = made
    y = torch.einsum("abhqc,abhkc->abhqk", q, k) @ v * 0.125
    y = Lif(0.5)(y.transpose(3, 4).reshape(x.shape))
    x = x + over_steps(filled(rep_conv(width), tensors, f"{layer.name}.attn.proj_conv."), y)
    y = x.flatten(3)
    for part, inputs, outputs in (("fc1", width, 4 * width), ("fc2", 4 * width, width)):
        name = f"{layer.name}.mlp.{part}"
        convolution = filled(nn.Conv1d(inputs, outputs, 1), tensors, f"{name}_conv.")
        norm = filled(nn.BatchNorm1d(outputs), tensors, f"{name}_bn.")
        y = over_steps(norm, over_steps(convolution, Lif()(y)))
    return x + y.reshape(x.shape)


def convolutions(layer: Convolutions, x: Tensor, tensors: Tensors) -> Tensor:
    width, name = layer.width, layer.name

    def conv(part: str, *sizes: int, **more: int) -> nn.Module:
        return filled(nn.Conv2d(*sizes, bias=False, **more), tensors, f"{name}.{part}.")

    def norm(part: str, size: int) -> nn.Module:
        return filled(nn.BatchNorm2d(size), tensors, f"{name}.{part}.")

    y = over_steps(norm("Conv.bn1", 2 * width), over_steps(
        conv("Conv.pwconv1", width, 2 * width, 1), Lif()(x)))
    y = over_steps(conv("Conv.dwconv", 2 * width, 2 * width, 7, padding=3, groups=2 * width),
                   Lif()(y))
    x = x + over_steps(norm("Conv.bn2", width), over_steps(
        conv("Conv.pwconv2", 2 * width, width, 1), y))
    y = over_steps(norm("bn1", 4 * width), over_steps(
        conv("conv1", width, 4 * width, 3, padding=1), Lif()(x)))
    return x + over_steps(norm("bn2", width), over_steps(
        conv("conv2", 4 * width, width, 3, padding=1), Lif()(y)))


def down(layer: Down, x: Tensor, tensors: Tensors) -> Tensor:
    x = x if layer.first else Lif()(x)
    convolution = nn.Conv2d(layer.inputs, layer.outputs, layer.kernel, layer.stride,
                            layer.kernel // 2)
    norm = filled(nn.BatchNorm2d(layer.outputs), tensors, f"{layer.name}.encode_bn.")
    return over_steps(norm, over_steps(
        filled(convolution, tensors, f"{layer.name}.encode_conv."), x))


def test_every_layer() -> None:
    """All blocks of all stages, with four steps and two samples."""
    tensors, x = random_tensors(SDT_V2, SMALL, 1), images(SMALL, 4, 2, 5)
    with torch.no_grad():
        found = Reference(SMALL, tensors).run(x)
        for layer in SMALL.layers():
            if isinstance(layer, Down):
                x = down(layer, x, tensors)
            elif isinstance(layer, Convolutions):
                x = convolutions(layer, x, tensors)
            else:
                x = attention(layer, x, tensors)
        head = filled(nn.Linear(SMALL.out, SMALL.classes), tensors, "head.")
        wanted = head(Lif()(x.flatten(3).mean(3)))
    assert torch.equal(found, wanted)
    assert wanted.std() > 0.1


def test_published_widths() -> None:
    """Channels of the stages, heads and layers of the smallest published model: 15 M weights."""
    published = Configuration(image=224, width=64, convs=4, third=6, fourth=2, heads=8,
                              classes=1000)
    weights = sum(torch.Size(shape).numel() for name, shape in published.shapes().items()
                  if "running" not in name)
    assert 15.0e6 < weights < 15.3e6
    assert [layer.width for layer in published.layers() if not isinstance(layer, Down)] == [
        32, 64, 128, 128, *[256] * 6, 360, 360]


@pytest.mark.parametrize(("wrong", "told"), [
    ({"width": 9}, "width is 9; the first maps have half of it, so give an even one"),
    ({"heads": 3}, "3 heads do not divide the 32 channels of a stage"),
    ({"fourth": 1, "width": 64, "heads": 16}, "16 heads do not divide the 360 channels"),
    ({"image": 8}, "image is 8; it must be 16 to 512"),
])
def test_shapes_that_cannot_be(wrong: dict[str, int], told: str) -> None:
    values = {"image": 32, "width": 8, "convs": 1, "third": 1, "fourth": 0, "heads": 4,
              "classes": 5}
    with pytest.raises(InputError, match=told):
        Configuration(**values | wrong)
