"""The family of SpikeGPT language models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sterna.errors import InputError
from sterna.families.family import Coverage
from sterna.families.random_name import form
from sterna.families.requests import ImportRequest
from sterna.families.rwkv.family import RANDOM, READS, RwkvFamily
from sterna.families.rwkv.options import Planes
from sterna.families.spikegpt.names import DEFAULTS, FORMAT, NAME, PREFIX, SHIPPED, SIZES
from sterna.families.tokens.family import token_options
from sterna.families.tokens.options import released
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.rwkv.version import Version


class SpikeGpt(RwkvFamily):
    """Language models whose layers add spikes of neurons to the residual stream."""

    name = NAME
    title = "SpikeGPT"
    reads = READS | {form(DEFAULTS, NAME): RANDOM}
    imports = {
        f"{PREFIX}FILE (.pth, .safetensors)":
            "a SpikeGPT, whose tensors have the names of an RWKV-4's; the tokenizer lies beside it",
    }
    coverage = Coverage("1 to 8, 5 unless told", (
        "SpikeGPT: Generative Pre-trained Language Model with Spiking Neural Networks",))
    size = released(SIZES)
    options = token_options(size, Planes)
    format = FORMAT
    models = SHIPPED
    random = (NAME,)

    def version(self) -> Version:
        """SpikeGPT."""
        from sterna.families.spikegpt.version import SPIKEGPT

        return SPIKEGPT

    def takes(self, source: str) -> bool:
        """A file that is said to be one: nothing in it tells."""
        return source.startswith(PREFIX)

    def import_model(self, request: ImportRequest, report: Report) -> Sequence[str]:
        """The file behind the prefix becomes a model folder."""
        file = str(request.model).removeprefix(PREFIX)
        if not file:
            raise InputError(f"{PREFIX} names no file; give {PREFIX}FILE")
        return super().import_model(replace(request, model=file), report)
