"""The family of QSD-Transformers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.families.family import Coverage
from sterna.families.qsd.names import FORMAT, NAME, STEM
from sterna.families.sdt_v2.names import DEFAULTS
from sterna.families.spiking_transformer.family import TransformerFamily, reads
from sterna.families.spiking_transformer.names import PTH

if TYPE_CHECKING:
    from sterna.families.spiking_transformer.version import Version


class Qsd(TransformerFamily):
    """Networks of convolutions and attention in four stages, of counts."""

    name: str = NAME
    reads = reads(NAME, DEFAULTS)
    imports = {f"a checkpoint ({PTH})": "a QSD-Transformer of its authors' training scripts"}
    coverage = Coverage("5", ("Quantized Spike-driven Transformer",))
    format = FORMAT
    stem = STEM

    def version(self) -> Version:
        """QSD-Transformer."""
        from sterna.families.qsd.version import QSD

        return QSD
