"""The family of MatMul-free language models."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sterna.families.family import Coverage
from sterna.families.matmul_free.names import (
    DEFAULTS,
    FORMAT,
    MODEL_TYPE,
    NAME,
    OLDER_FORMAT,
    SHIPPED,
)
from sterna.families.matmul_free.options import Size
from sterna.families.random_name import form
from sterna.families.requests import ImportRequest, Request
from sterna.families.tokens.family import TokenFamily, token_options
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.tokens.model import TokenModel


class MatMulFree(TokenFamily):
    """Language models whose matrices are ternary and whose tokens are mixed by a recurrence."""

    name = NAME
    reads = {
        "a folder that `sterna import` wrote": "a model with its weights and number formats",
        form(DEFAULTS): "random weights in any shape; what is left out has these values",
    }
    imports = {"a folder with config.json and model.safetensors":
               "a released checkpoint of a MatMul-free LM (Hugging Face)"}
    types = (MODEL_TYPE,)
    coverage = Coverage("1", (
        "Scalable MatMul-free Language Modeling", "MatMul-free LLM on Loihi 2"))
    options = token_options(Size)
    size = Size
    format, older_format = FORMAT, OLDER_FORMAT
    models = SHIPPED
    random = ("", NAME)

    def open_size(self, size: str, request: Request, calibrated: bool, report: Report
                  ) -> TokenModel:
        """A checkpoint of that size, or its shape alone."""
        from sterna.families.matmul_free.model import open_random, open_shape

        if not calibrated:
            return open_shape(size)
        return open_random(size, getattr(request, "seed", 0), report)

    def open_model(self, model: str, request: Request, calibrated: bool, report: Report
                   ) -> TokenModel:
        """A folder, a shipped model or a random one."""
        from sterna.families.matmul_free.model import open_model

        return open_model(model, calibrated)

    def takes(self, source: str) -> bool:
        """Whether the argument is a folder that is no model yet, nor named like a graph."""
        return os.path.isdir(source)

    def import_model(self, request: ImportRequest, report: Report) -> Sequence[str]:
        """A released checkpoint becomes a model folder."""
        from sterna.families.matmul_free.import_checkpoint import import_checkpoint

        return import_checkpoint(request, report)
