"""What the families of RWKV have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sterna.families.requests import ImportRequest, Request
from sterna.families.rwkv.options import Planes
from sterna.families.tokens.family import TokenFamily
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.rwkv.version import Version
    from sterna.families.rwkv.weights import RwkvModel
    from sterna.families.tokens.model import TokenModel

READS = {"a folder that `sterna import` wrote": "a model with its weights and number formats"}
RANDOM = "random weights in any shape; what is left out has these values"


class RwkvFamily(TokenFamily):
    """Language models whose matrices are of several planes."""

    title: str
    """Of the version, as `sterna.families.rwkv.sources` tells it of a file."""

    @abstractmethod
    def version(self) -> Version:
        """The version that it reads."""

    def open_size(self, size: str, request: Request, calibrated: bool, report: Report
                  ) -> TokenModel:
        """Random weights."""
        from sterna.families.rwkv.model import open_size

        return open_size(self.version(), size, getattr(request, "seed", 0),
                         request.options.take(Planes), report, calibrated)

    def open_model(self, model: str, request: Request, calibrated: bool, report: Report
                   ) -> TokenModel:
        """A folder, a shipped model or a random one, with so many planes if told."""
        from sterna.families.rwkv.model import open_model

        return open_model(self.version(), model, request.options.take(Planes), report,
                          calibrated)

    def takes(self, source: str) -> bool:
        """A file whose tensors have the version's names."""
        from sterna.families.rwkv.sources import version_of_file

        return version_of_file(source) == self.title

    def open_checkpoint(self, source: Path) -> RwkvModel:
        """The model of a checkpoint, without number formats; tensors are read when asked for.

        Raises `InputError` naming the file or the tensor that is missing, superfluous, misshapen,
        not finite or of another model.
        """
        from sterna.families.rwkv.checkpoint import open_authors

        return open_authors(self.version(), source)

    def import_model(self, request: ImportRequest, report: Report) -> Sequence[str]:
        """A checkpoint becomes a model folder."""
        from sterna.families.rwkv.import_checkpoint import import_checkpoint

        return import_checkpoint(self.open_checkpoint, request, report)
