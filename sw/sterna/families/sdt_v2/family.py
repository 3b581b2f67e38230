"""The family of Spike-driven Transformers V2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.families.family import Coverage
from sterna.families.sdt_v2.names import DEFAULTS, FORMAT, NAME, STEM
from sterna.families.spiking_transformer.family import TransformerFamily, reads
from sterna.families.spiking_transformer.names import PTH

if TYPE_CHECKING:
    from sterna.families.spiking_transformer.version import Version


class SdtV2(TransformerFamily):
    """Networks of convolutions and spiking attention in four stages."""

    name: str = NAME
    reads = reads(NAME, DEFAULTS)
    imports = {
        f"a checkpoint ({PTH})": "a Spike-driven Transformer V2 of its authors' training scripts",
    }
    coverage = Coverage("5", (
        "Spike-driven Transformer V2: Meta Spiking Neural Network Architecture Inspiring the "
        "Design of Next-generation Neuromorphic Chips",))
    format = FORMAT
    stem = STEM

    def version(self) -> Version:
        """Spike-driven Transformer V2."""
        from sterna.families.sdt_v2.version import SDT_V2

        return SDT_V2
