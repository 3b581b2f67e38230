"""The network of integers, layer by layer.

Residuals are counts of spikes, added up exactly. The mean of all places is in the map to classes,
whose window adds up all codes of a channel before it.
"""

from __future__ import annotations

from dataclasses import replace

from sterna.families.spikformer_v2.configuration import Block, Layer, Stage
from sterna.families.spikformer_v2.names import NAME
from sterna.families.spiking_transformer import lowering
from sterna.families.spiking_transformer.builder import Maps
from sterna.families.spiking_transformer.configuration import HEAD
from sterna.families.spiking_transformer.normed import Places, placed


class Lowering(lowering.Lowering):
    """Of one model."""

    name = NAME

    def layer(self, layer: Layer, x: Maps) -> Maps:
        """Of the stem, or a block."""
        return self._stage(layer, x) if isinstance(layer, Stage) else self._block(layer, x)

    def classes(self, x: Maps) -> None:
        """Those of the mean of all places."""
        given = placed(self.normed(HEAD), inputs=Places.of(self.configuration.out))
        self.build.sums(HEAD, x, replace(
            given, pool=(x.height, x.width), scale=given.scale / x.tokens))

    def _part(self, name: str, part: str, x: Maps, outputs: Places | None,
              inputs: Places | None, number: str = "", stride: int = 1) -> Maps:
        """Spikes of a convolution with its batch norm."""
        given = self.normed(f"{name}.{part}conv{number}", f"{name}.{part}bn{number}",
                            stride=stride)
        return self.build.fires(f"{name}.{part}lif{number}", x, placed(given, outputs, inputs))

    def _stage(self, layer: Stage, x: Maps) -> Maps:
        width = Places.of(layer.outputs)
        x = self._part(layer.name, "proj_", x, width,
                       Places.of(layer.inputs) if layer.index else None, layer.suffix, 2)
        if not layer.more:
            return x
        name = f"{layer.name}.scs{layer.suffix}"
        y = self._part(name, "", x, None, width, "1")
        return self.build.counted(name, x, self._part(name, "", y, width, None, "2"))

    def _block(self, layer: Block, x: Maps) -> Maps:
        attention, mlp = f"{layer.name}.attn", f"{layer.name}.mlp"
        width, heads = Places.of(layer.width), Places.of(layer.width, layer.heads)
        q, k, v = (self._part(attention, f"{part}_", x, heads, width) for part in "qkv")
        y = self.build.attention(f"{attention}.attn_lif", q, k, v, layer.heads, self.scale)
        x = self.build.counted(f"{layer.name}.middle", x,
                               self._part(attention, "proj_", y, width, heads))
        y = self._part(mlp, "fc1_", x, None, width)
        return self.build.counted(layer.name, x, self._part(mlp, "fc2_", y, width, None))
