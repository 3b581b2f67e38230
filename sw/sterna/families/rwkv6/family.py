"""The family of RWKV-6 language models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.families.family import Coverage
from sterna.families.random_name import form
from sterna.families.rwkv.family import RANDOM, READS, RwkvFamily
from sterna.families.rwkv.options import Planes
from sterna.families.rwkv6.names import DEFAULTS, FORMAT, NAME, SHIPPED, SIZES
from sterna.families.tokens.family import token_options
from sterna.families.tokens.options import released

if TYPE_CHECKING:
    from sterna.families.rwkv.version import Version


class Rwkv6(RwkvFamily):
    """Language models whose tokens enter matrix states, which lose what each token says."""

    name = NAME
    title = "RWKV-6"
    reads = READS | {form(DEFAULTS, NAME): RANDOM}
    imports = {
        "a file (.pth, .safetensors) of an RWKV-6":
            "the authors' tensors as they are released; the tokenizer lies beside it",
    }
    coverage = Coverage("1 to 8, 5 unless told", (
        "Eagle and Finch: RWKV with Matrix-Valued States and Dynamic Recurrence (Finch)",))
    size = released(SIZES)
    options = token_options(size, Planes)
    format = FORMAT
    models = SHIPPED
    random = (NAME,)

    def version(self) -> Version:
        """RWKV-6."""
        from sterna.families.rwkv6.version import RWKV6

        return RWKV6
