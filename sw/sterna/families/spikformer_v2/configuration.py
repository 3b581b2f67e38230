"""The shape of a Spikformer V2, with tensors named as in its authors' Spikformer.

The stem halves the image four times, by convolutions of 2 x 2 whose channels double up to
``width``. Behind each stand two convolutions more, of 3 x 3, with `RATIO` times the channels
between them, beside a residual: 8 blocks of 512 channels have 51.55 M weights so, as is said of
those of arXiv 2401.02020. The authors have shown no code of this stem: what stands in it is our
reading, and the names of these two are our own, ``scs``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sterna.errors import InputError
from sterna.families.spikformer_v2.names import NAME
from sterna.families.spiking_transformer import configuration
from sterna.families.spiking_transformer.configuration import MOST_WIDTH, Shapes, norm
from sterna.law.arithmetic import CODE_LIMIT

STAGES, RATIO = 4, 4
"""Of the stem; and channels within, for one outside, of its convolutions and of blocks."""
MOST_BLOCKS = CODE_LIMIT // 2 - 1
"""Each adds up to two spikes to a count that begins with two."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Of the stem; ``more`` if two convolutions stand behind the one that halves."""

    index: int
    inputs: int
    outputs: int
    more: bool
    name = "patch_embed"

    @property
    def suffix(self) -> str:
        """Of the names within."""
        return str(self.index) if self.index else ""


@dataclass(frozen=True, kw_only=True)
class Block:
    """Attention and two linear maps, each beside a residual."""

    name: str
    width: int
    heads: int


Layer = Stage | Block


@dataclass(frozen=True, kw_only=True)
class Configuration(configuration.Configuration):
    """The first ``convs`` stages have their two convolutions more, published models all four.

    Raises `InputError` for what cannot be.
    """

    width: int
    convs: int
    blocks: int

    def __post_init__(self) -> None:
        self.check(NAME, {"width": (8, MOST_WIDTH), "convs": (0, STAGES),
                          "blocks": (1, MOST_BLOCKS)})
        for name, value, whole, why in (
                ("width", self.width, 1 << STAGES - 1, "channels double three times"),
                ("image", self.image, 1 << STAGES, "it is halved four times")):
            if value % whole:
                raise InputError(f"{NAME}: {name} is {value}; {why}, so give a multiple of "
                                 f"{whole}")
        if self.width % self.heads:
            raise InputError(f"{NAME}: {self.heads} heads do not divide the {self.width} channels; "
                             "give another heads or width")

    @property
    def out(self) -> int:
        """Those of every block."""
        return self.width

    @property
    def told(self) -> str:
        """Its stem and its blocks."""
        return (f"width {self.width}, {self.convs} stages of more convolutions, {self.blocks} "
                "blocks of attention")

    def layers(self) -> Iterator[Layer]:
        """In order."""
        inputs = self.channels
        for index in range(STAGES):
            outputs = self.width >> STAGES - 1 - index
            yield Stage(index=index, inputs=inputs, outputs=outputs, more=index < self.convs)
            inputs = outputs
        for index in range(self.blocks):
            yield Block(name=f"block.{index}", width=self.width, heads=self.heads)

    def tensors(self, layer: Layer) -> Shapes:
        """Of the stem or of a block."""
        return _stage(layer) if isinstance(layer, Stage) else _block(layer)


def _stage(layer: Stage) -> Shapes:
    width, wide, suffix = layer.outputs, RATIO * layer.outputs, layer.suffix
    yield f"proj_conv{suffix}.weight", (width, layer.inputs, 2, 2)
    yield from norm(f"proj_bn{suffix}", width)
    if layer.more:
        for index, outputs, inputs in ((1, wide, width), (2, width, wide)):
            yield f"scs{suffix}.conv{index}.weight", (outputs, inputs, 3, 3)
            yield from norm(f"scs{suffix}.bn{index}", outputs)


def _block(layer: Block) -> Shapes:
    width, wide = layer.width, RATIO * layer.width
    for part in "qkv":
        yield f"attn.{part}_conv.weight", (width, width, 1)
        yield from norm(f"attn.{part}_bn", width)
    yield "attn.proj_conv.weight", (width, width, 1)
    yield "attn.proj_conv.bias", (width,)
    yield from norm("attn.proj_bn", width)
    for name, outputs, inputs in (("fc1", wide, width), ("fc2", width, wide)):
        yield f"mlp.{name}_conv.weight", (outputs, inputs, 1, 1)
        yield f"mlp.{name}_conv.bias", (outputs,)
        yield from norm(f"mlp.{name}_bn", outputs)
