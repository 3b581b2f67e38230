"""The model in real numbers, layer by layer.

Source: `ZK-Zhou/spikformer`, ``imagenet/model.py``, of which Spikformer V2 keeps the blocks: every
convolution has a batch norm and neurons behind it, residuals are added behind neurons, and so are
counts of spikes; the classes are those of the mean of all places. Of its stem the authors describe
layers and sizes, and have shown no code; here it is of the same parts (arXiv 2401.02020).
"""

from __future__ import annotations

from torch import Tensor

from sterna.families.spikformer_v2.configuration import Block, Layer, Stage
from sterna.families.spiking_transformer import reference


class Reference(reference.Reference):
    """Computes with tensors of the authors' names."""

    def layer(self, layer: Layer, x: Tensor) -> Tensor:
        """Of the stem, or a block."""
        return self._stage(layer, x) if isinstance(layer, Stage) else self._block(layer, x)

    def read_out(self, x: Tensor) -> Tensor:
        """The mean of all places."""
        return x.mean((2, 3))

    def _part(self, name: str, part: str, x: Tensor, number: str = "", padding: int = 0,
              stride: int = 1) -> Tensor:
        """Spikes of a convolution with its batch norm."""
        x = self.convolve(f"{name}.{part}conv{number}", x, padding, stride)
        return self.fire(f"{name}.{part}lif{number}", self.norm(f"{name}.{part}bn{number}", x))

    def _stage(self, layer: Stage, x: Tensor) -> Tensor:
        x = self._part(layer.name, "proj_", x, layer.suffix, stride=2)
        if not layer.more:
            return x
        name = f"{layer.name}.scs{layer.suffix}"
        return x + self._part(name, "", self._part(name, "", x, "1", 1), "2", 1)

    def _block(self, layer: Block, x: Tensor) -> Tensor:
        attention, mlp = f"{layer.name}.attn", f"{layer.name}.mlp"
        q, k, v = (self._part(attention, f"{part}_", x) for part in "qkv")
        y = self.attend(f"{attention}.attn_lif", layer.heads, q, k, v)
        x = x + self._part(attention, "proj_", y)
        return x + self._part(mlp, "fc2_", self._part(mlp, "fc1_", x))
