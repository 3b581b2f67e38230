"""What the families of RWKV have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from sterna.families.requests import Request
from sterna.families.rwkv.options import Planes
from sterna.families.tokens.family import TokenFamily
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.rwkv.version import Version
    from sterna.families.tokens.model import TokenModel

READS = {"a folder that `sterna import` wrote": "a model with its weights and number formats"}
RANDOM = "random weights in any shape; what is left out has these values"


class RwkvFamily(TokenFamily):
    """Language models whose matrices are of several planes."""

    @abstractmethod
    def version(self) -> Version:
        """The version that it reads."""

    def open_size(self, size: str, request: Request, calibrated: bool, report: Report
                  ) -> TokenModel:
        """Random weights."""
        from sterna.families.rwkv.model import open_size

        return open_size(self.version(), size, getattr(request, "seed", 0),
                         request.options.take(Planes).planes, report, calibrated)

    def open_model(self, model: str, request: Request, calibrated: bool, report: Report
                   ) -> TokenModel:
        """A folder, a shipped model or a random one, with so many planes if told."""
        from sterna.families.rwkv.model import open_model

        return open_model(self.version(), model, request.options.take(Planes).planes, report,
                          calibrated)
