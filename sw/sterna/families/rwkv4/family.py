"""The family of RWKV-4 language models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sterna.families.family import Coverage
from sterna.families.random_name import form
from sterna.families.rwkv.family import RANDOM, READS, RwkvFamily
from sterna.families.rwkv.options import Planes
from sterna.families.rwkv4.names import DEFAULTS, FORMAT, NAME, SHIPPED, SIZES
from sterna.families.rwkv4.sources import HUGGING_FACE_TYPE, is_checkpoint, is_hugging_face
from sterna.families.tokens.family import token_options
from sterna.families.tokens.options import released

if TYPE_CHECKING:
    from sterna.families.rwkv.version import Version
    from sterna.families.rwkv.weights import RwkvModel


class Rwkv4(RwkvFamily):
    """Language models whose matrices are of several planes, and whose tokens are averaged."""

    name = NAME
    title = "RWKV-4"
    reads = READS | {form(DEFAULTS, NAME): RANDOM}
    imports = {
        "a file (.pth, .safetensors) of the authors' tensors":
            "an RWKV-4 as it is released; its tokenizer lies beside it",
        "a folder with config.json of model_type rwkv": "an RWKV-4 as transformers saves it",
    }
    types = (HUGGING_FACE_TYPE,)
    coverage = Coverage("1 to 8, 5 unless told, with codes of one and of two digits", (
        "RWKV: Reinventing RNNs for the Transformer Era",))
    size = released(SIZES)
    options = token_options(size, Planes)
    format = FORMAT
    models = SHIPPED
    random = (NAME,)

    def version(self) -> Version:
        """RWKV-4."""
        from sterna.families.rwkv4.version import RWKV4

        return RWKV4

    def takes(self, source: str) -> bool:
        """A file of the authors', or a folder whose config.json says so."""
        return is_checkpoint(source)

    def open_checkpoint(self, source: Path) -> RwkvModel:
        """That of a file, or of a folder of transformers'."""
        from sterna.families.rwkv4.transformers import open_transformers

        return open_transformers(source) if is_hugging_face(str(source)) else (
            super().open_checkpoint(source))
