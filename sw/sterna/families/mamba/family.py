"""The family of Mamba language models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sterna.families.family import Coverage
from sterna.families.fla.family import FlaFamily
from sterna.families.mamba.names import DEFAULTS, FORMAT, NAME, SHIPPED, SIZES
from sterna.families.random_name import form
from sterna.families.rwkv.family import RANDOM, READS
from sterna.families.rwkv.options import Planes
from sterna.families.tokens.family import token_options
from sterna.families.tokens.options import released

if TYPE_CHECKING:
    from sterna.families.rwkv.version import Version
    from sterna.families.rwkv.weights import RwkvModel


class Mamba(FlaFamily):
    """Language models whose channels have cells that each decay by what a token says."""

    name = NAME
    title = "Mamba"
    types = (NAME,)
    reads = READS | {form(DEFAULTS, NAME): RANDOM}
    imports = {"a folder with config.json of model_type mamba":
               "a Mamba as transformers saves it"}
    coverage = Coverage("1 to 8, 5 unless told", ())
    size = released(SIZES)
    options = token_options(size, Planes)
    format = FORMAT
    models = SHIPPED
    random = (NAME,)

    def version(self) -> Version:
        """Mamba."""
        from sterna.families.mamba.version import MAMBA

        return MAMBA

    def open_checkpoint(self, source: Path) -> RwkvModel:
        from sterna.families.mamba.transformers import open_transformers

        return open_transformers(source)
