"""The family of DeltaNet language models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sterna.families.deltanet.names import DEFAULTS, FORMAT, NAME, SHIPPED, SIZES
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


class DeltaNet(FlaFamily):
    """Language models whose matrix states are corrected by what a key finds in them."""

    name = NAME
    title = "DeltaNet"
    types = ("delta_net", "gated_deltanet")
    reads = READS | {form(DEFAULTS, NAME): RANDOM}
    imports = {"a folder with config.json of model_type delta_net or gated_deltanet":
               "a DeltaNet, or a Gated DeltaNet, as flash-linear-attention saves it"}
    coverage = Coverage("1 to 8, 5 unless told", ())
    size = released(SIZES)
    options = token_options(size, Planes)
    format = FORMAT
    models = SHIPPED
    random = (NAME,)

    def version(self) -> Version:
        """DeltaNet."""
        from sterna.families.deltanet.version import DELTANET

        return DELTANET

    def open_checkpoint(self, source: Path) -> RwkvModel:
        from sterna.families.deltanet.transformers import open_transformers

        return open_transformers(source)
