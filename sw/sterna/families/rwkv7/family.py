"""The family of RWKV-7 language models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sterna.families.family import Coverage
from sterna.families.random_name import form
from sterna.families.requests import ImportRequest
from sterna.families.rwkv.family import RANDOM, READS, RwkvFamily
from sterna.families.rwkv.options import Planes
from sterna.families.rwkv7.names import DEFAULTS, FORMAT, NAME, SHIPPED
from sterna.families.rwkv7.options import Size
from sterna.families.tokens.family import token_options
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.rwkv.version import Version
    from sterna.families.rwkv.weights import RwkvModel


class Rwkv7(RwkvFamily):
    """Language models whose tokens enter matrix states by the delta rule."""

    name = NAME
    reads = READS | {form(DEFAULTS, NAME): RANDOM}
    imports = {
        "a file (.pth, .safetensors) of an RWKV-7":
            "the authors' tensors as they are released; the tokenizer lies beside it",
    }
    coverage = Coverage("1 to 8, 5 unless told", (
        "RWKV-7 'Goose' with Expressive Dynamic State Evolution",))
    options = token_options(Size, Planes)
    size = Size
    format = FORMAT
    models = SHIPPED
    random = (NAME,)

    def version(self) -> Version:
        """RWKV-7."""
        from sterna.families.rwkv7.version import RWKV7

        return RWKV7

    def takes(self, source: str) -> bool:
        """A file whose tensors have an RWKV-7's names."""
        from sterna.families.rwkv.sources import version_of_file

        return version_of_file(source) == "RWKV-7"

    def import_model(self, request: ImportRequest, report: Report) -> Sequence[str]:
        """A checkpoint becomes a model folder."""
        from sterna.families.rwkv.import_checkpoint import import_checkpoint

        return import_checkpoint(open_checkpoint, request, report)


def open_checkpoint(source: Path) -> RwkvModel:
    """The model of a file, without number formats; tensors are read when asked for.

    Raises `InputError` naming the file or the tensor that is missing, superfluous, misshapen, not
    finite or of another model.
    """
    from sterna.families.rwkv.checkpoint import open_authors
    from sterna.families.rwkv7.version import RWKV7

    return open_authors(RWKV7, source)
