"""The family of BDH language models."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sterna.families.bdh.names import DEFAULTS, FORMAT, LAYERS, NAME, SHIPPED, SIZES
from sterna.families.bdh.options import Layers
from sterna.families.family import Coverage
from sterna.families.random_name import form
from sterna.families.requests import ImportRequest
from sterna.families.rwkv.family import RANDOM, READS, RwkvFamily
from sterna.families.rwkv.options import Planes
from sterna.families.tokens.family import token_options
from sterna.families.tokens.options import released
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.rwkv.version import Version
    from sterna.families.rwkv.weights import RwkvModel


class Bdh(RwkvFamily):
    """Language models whose neurons read what earlier neurons wrote, and never forget."""

    name = NAME
    title = "BDH"
    reads = READS | {form(DEFAULTS, NAME): RANDOM}
    imports = {"FILE (.pth, .pt, .safetensors) with an encoder, an encoder_v and a decoder":
               "a BDH as the authors' module has its tensors, of --layers layers; the tokenizer "
               "lies beside it"}
    coverage = Coverage("1 to 8, 5 unless told", (
        "The Dragon Hatchling: The Missing Link between the Transformer and Models of the Brain",))
    size = released(SIZES)
    options = token_options(size, Planes)
    options["import"] = (*options["import"], Layers)
    format = FORMAT
    models = SHIPPED
    random = (NAME,)

    def version(self) -> Version:
        """BDH."""
        from sterna.families.bdh.version import BDH

        return BDH

    def takes(self, source: str) -> bool:
        """A file of tensors of these names."""
        from sterna.families.bdh.sources import is_checkpoint

        return is_checkpoint(source)

    def open_checkpoint(self, source: Path, layers: int = LAYERS) -> RwkvModel:
        from sterna.families.bdh.checkpoint import open_authors

        return open_authors(source, layers)

    def import_model(self, request: ImportRequest, report: Report) -> Sequence[str]:
        """A checkpoint of so many layers as told becomes a model folder."""
        from sterna.families.rwkv.import_checkpoint import import_checkpoint

        layers = request.options.take(Layers).layers
        return import_checkpoint(partial(self.open_checkpoint, layers=layers), request, report)
