"""The family of LightNet language models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sterna.families.family import Coverage
from sterna.families.fla.family import FlaFamily
from sterna.families.lightnet.names import DEFAULTS, FORMAT, NAME, SHIPPED, SIZES
from sterna.families.random_name import form
from sterna.families.rwkv.family import RANDOM, READS
from sterna.families.rwkv.options import Planes
from sterna.families.tokens.family import token_options
from sterna.families.tokens.options import released

if TYPE_CHECKING:
    from sterna.families.rwkv.version import Version
    from sterna.families.rwkv.weights import RwkvModel


class LightNet(FlaFamily):
    """Language models whose matrix states are averages, weighted by exponentials of keys."""

    name = NAME
    title = "LightNet"
    types = (NAME,)
    reads = READS | {form(DEFAULTS, NAME): RANDOM}
    imports = {"a folder with config.json of model_type lightnet":
               "a LightNet as flash-linear-attention saves it"}
    coverage = Coverage("1 to 8, 5 unless told", (
        "You Only Scan Once: Efficient Multi-dimension Sequential Modeling with LightNet",))
    size = released(SIZES)
    options = token_options(size, Planes)
    format = FORMAT
    models = SHIPPED
    random = (NAME,)

    def version(self) -> Version:
        """LightNet."""
        from sterna.families.lightnet.version import LIGHTNET

        return LIGHTNET

    def open_checkpoint(self, source: Path) -> RwkvModel:
        from sterna.families.lightnet.transformers import open_transformers

        return open_transformers(source)
