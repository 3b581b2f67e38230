"""The family of Spikformers V2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.families.family import Coverage
from sterna.families.spikformer_v2.names import DEFAULTS, FORMAT, NAME, SHIPPED, STEM
from sterna.families.spiking_transformer.family import TransformerFamily, reads
from sterna.families.spiking_transformer.names import PTH

if TYPE_CHECKING:
    from sterna.families.spiking_transformer.version import Version


class SpikformerV2(TransformerFamily):
    """A stem of convolutions and blocks of attention, whose residuals are counts of spikes."""

    name: str = NAME
    reads = reads(NAME, DEFAULTS)
    imports = {f"a checkpoint ({PTH})": "a Spikformer V2 of tensors named as its authors'"}
    coverage = Coverage("5", (
        "Spikformer V2: Join the High Accuracy Club on ImageNet with an SNN Ticket",))
    format = FORMAT
    stem = STEM
    models = SHIPPED

    def version(self) -> Version:
        """Spikformer V2."""
        from sterna.families.spikformer_v2.version import SPIKFORMER_V2

        return SPIKFORMER_V2
