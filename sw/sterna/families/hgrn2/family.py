"""The family of HGRN2 language models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sterna.families.family import Coverage
from sterna.families.fla.family import FlaFamily
from sterna.families.hgrn2.names import DEFAULTS, FORMAT, NAME, SHIPPED, SIZES
from sterna.families.random_name import form
from sterna.families.rwkv.family import RANDOM, READS
from sterna.families.rwkv.options import Planes
from sterna.families.tokens.family import token_options
from sterna.families.tokens.options import released

if TYPE_CHECKING:
    from sterna.families.rwkv.version import Version
    from sterna.families.rwkv.weights import RwkvModel


class Hgrn2(FlaFamily):
    """Language models whose matrix states take as much of a token as they lose."""

    name = NAME
    title = "HGRN2"
    types = (NAME,)
    reads = READS | {form(DEFAULTS, NAME): RANDOM}
    imports = {"a folder with config.json of model_type hgrn2":
               "an HGRN2 as flash-linear-attention saves it"}
    coverage = Coverage("1 to 8, 5 unless told", ())
    size = released(SIZES)
    options = token_options(size, Planes)
    format = FORMAT
    models = SHIPPED
    random = (NAME,)

    def version(self) -> Version:
        """HGRN2."""
        from sterna.families.hgrn2.version import HGRN2

        return HGRN2

    def open_checkpoint(self, source: Path) -> RwkvModel:
        from sterna.families.hgrn2.transformers import open_transformers

        return open_transformers(source)
