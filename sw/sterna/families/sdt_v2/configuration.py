"""The shape of a Spike-driven Transformer V2, with its tensors as the authors name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from sterna.errors import InputError
from sterna.families.sdt_v2.names import NAME
from sterna.families.spiking_transformer import configuration
from sterna.families.spiking_transformer.configuration import MOST_WIDTH, Shapes, norm

CONV_BLOCKS = "ConvBlock1_1", "ConvBlock1_2", "ConvBlock2_1", "ConvBlock2_2"
PARTS = "q_conv", "k_conv", "v_conv", "proj_conv"
EXPANSION, RATIO = 2, 4
"""Channels within a separable convolution, and within a block, for one outside."""
MOST_BLOCKS = 64


@dataclass(frozen=True, kw_only=True)
class Down:
    """A convolution that makes the maps smaller; the first has no neurons before it."""

    name: str
    inputs: int
    outputs: int
    kernel: int = 3
    stride: int = 2
    first: bool = False


@dataclass(frozen=True, kw_only=True)
class Convolutions:
    """A block of a separable and two full convolutions, each part beside a residual."""

    name: str
    width: int


@dataclass(frozen=True, kw_only=True)
class Attention:
    """A block of attention and two linear maps, each beside a residual."""

    name: str
    width: int
    heads: int


Layer = Down | Convolutions | Attention


@dataclass(frozen=True, kw_only=True)
class Configuration(configuration.Configuration):
    """``convs`` of the four convolutional blocks are there, the first ones; ``third`` and
    ``fourth`` are blocks of attention in these stages, of which the fourth may be missing.

    Raises `InputError` for what cannot be.
    """

    family: ClassVar[str] = NAME
    last_widths: ClassVar[Mapping[int, int]] = MappingProxyType({64: 360, 96: 480, 128: 640})
    """Channels of the fourth stage by those of the first, as published; else five times as many."""
    width: int
    convs: int
    third: int
    fourth: int

    def __post_init__(self) -> None:
        self.check(self.family, {"width": (2, MOST_WIDTH), "convs": (0, 4),
                                 "third": (1, MOST_BLOCKS), "fourth": (0, MOST_BLOCKS)})
        if self.width % 2:
            raise InputError(f"{self.family}: width is {self.width}; the first maps have half of "
                             "it, so give an even one")
        widths = [4 * self.width, *([self.last] if self.fourth else [])]
        if wrong := [width for width in widths if width % self.heads]:
            raise InputError(f"{self.family}: {self.heads} heads do not divide the {wrong[0]} "
                             "channels of a stage; give another heads or width")

    @property
    def last(self) -> int:
        """Channels of the fourth stage."""
        return self.last_widths.get(self.width, 5 * self.width)

    @property
    def out(self) -> int:
        """Channels before the classes."""
        return self.last if self.fourth else 4 * self.width

    def layers(self) -> Iterator[Layer]:
        """In order."""
        width, blocks = self.width, iter(CONV_BLOCKS[:self.convs])

        def convolutions(count: int, channels: int) -> Iterator[Layer]:
            for _, name in zip(range(count), blocks, strict=False):
                yield Convolutions(name=f"{name}.0", width=channels)

        yield Down(name="downsample1_1", inputs=self.channels, outputs=width // 2, kernel=7,
                   first=True)
        yield from convolutions(1, width // 2)
        yield Down(name="downsample1_2", inputs=width // 2, outputs=width)
        yield from convolutions(1, width)
        yield Down(name="downsample2", inputs=width, outputs=2 * width)
        yield from convolutions(2, 2 * width)
        yield Down(name="downsample3", inputs=2 * width, outputs=4 * width)
        for index in range(self.third):
            yield Attention(name=f"block3.{index}", width=4 * width, heads=self.heads)
        if self.fourth:
            yield Down(name="downsample4", inputs=4 * width, outputs=self.last, stride=1)
        for index in range(self.fourth):
            yield Attention(name=f"block4.{index}", width=self.last, heads=self.heads)

    @property
    def told(self) -> str:
        """Blocks of every kind."""
        return (f"width {self.width}, {self.convs} blocks of convolutions, {self.third} and "
                f"{self.fourth} of attention")

    def tensors(self, layer: Layer) -> Shapes:
        """As the authors' modules have them."""
        if isinstance(layer, Down):
            return _down(layer)
        if isinstance(layer, Convolutions):
            return _convolutions(layer)
        return _attention(layer)

    def maps(self) -> dict[str, int]:
        """Channels of the maps between convolutions without neurons, by their names."""
        found: dict[str, int] = {}
        for layer in self.layers():
            if isinstance(layer, Convolutions):
                found[f"{layer.name}.Conv.dwconv"] = EXPANSION * layer.width
            elif isinstance(layer, Attention):
                found |= {f"{layer.name}.attn.{part}.0.body.{place}": layer.width
                          for part in PARTS for place in ("0", "2.0")}
        return found


def _down(layer: Down) -> Shapes:
    size = layer.kernel
    yield "encode_conv.weight", (layer.outputs, layer.inputs, size, size)
    yield "encode_conv.bias", (layer.outputs,)
    yield from norm("encode_bn", layer.outputs)


def _convolutions(layer: Convolutions) -> Shapes:
    width = layer.width
    within, wide = EXPANSION * width, RATIO * width
    yield "Conv.pwconv1.weight", (within, width, 1, 1)
    yield from norm("Conv.bn1", within)
    yield "Conv.dwconv.weight", (within, 1, 7, 7)
    yield "Conv.pwconv2.weight", (width, within, 1, 1)
    yield from norm("Conv.bn2", width)
    yield "conv1.weight", (wide, width, 3, 3)
    yield from norm("bn1", wide)
    yield "conv2.weight", (width, wide, 3, 3)
    yield from norm("bn2", width)


def _attention(layer: Attention) -> Shapes:
    width, wide = layer.width, RATIO * layer.width
    for name in PARTS:
        body = f"attn.{name}.0.body"
        yield f"{body}.0.weight", (width, width, 1, 1)
        yield from norm(f"{body}.1.bn", width)
        yield f"{body}.2.0.weight", (width, 1, 3, 3)
        yield f"{body}.2.1.weight", (width, width, 1, 1)
        yield from norm(f"{body}.2.2", width)
        yield from norm(f"attn.{name}.1", width)
    for name, outputs, inputs in (("fc1", wide, width), ("fc2", width, wide)):
        yield f"mlp.{name}_conv.weight", (outputs, inputs, 1)
        yield f"mlp.{name}_conv.bias", (outputs,)
        yield from norm(f"mlp.{name}_bn", outputs)
