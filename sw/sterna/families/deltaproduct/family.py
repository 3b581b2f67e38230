"""The family of Gated DeltaProduct language models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sterna.families.deltaproduct.names import DEFAULTS, FORMAT, NAME, SHIPPED, SIZES
from sterna.families.family import Coverage
from sterna.families.fla.family import FlaFamily
from sterna.families.random_name import form
from sterna.families.rwkv.family import RANDOM, READS
from sterna.families.rwkv.options import Planes
from sterna.families.tokens.family import token_options
from sterna.families.tokens.options import released

if TYPE_CHECKING:
    from sterna.families.rwkv.version import Version
    from sterna.families.rwkv.weights import RwkvModel


class DeltaProduct(FlaFamily):
    """Language models whose matrix states are corrected several times a token."""

    name = NAME
    title = "DeltaProduct"
    types = ("gated_deltaproduct",)
    reads = READS | {form(DEFAULTS, NAME): RANDOM}
    imports = {"a folder with config.json of model_type gated_deltaproduct":
               "a Gated DeltaProduct as flash-linear-attention saves it"}
    coverage = Coverage("1 to 8, 5 unless told", (
        "DeltaProduct: Improving State-Tracking in Linear RNNs via Householder Products",))
    size = released(SIZES)
    options = token_options(size, Planes)
    format = FORMAT
    models = SHIPPED
    random = (NAME,)

    def version(self) -> Version:
        """Gated DeltaProduct."""
        from sterna.families.deltaproduct.version import DELTAPRODUCT

        return DELTAPRODUCT

    def open_checkpoint(self, source: Path) -> RwkvModel:
        from sterna.families.deltaproduct.transformers import open_transformers

        return open_transformers(source)
