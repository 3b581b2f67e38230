"""What the families of spiking transformers have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sterna_boards.options import Baud, BoardClock, Weights

from sterna.families import common
from sterna.families.family import Coverage, Model, ShippedModel
from sterna.families.folder import is_of
from sterna.families.random_name import form, random_family
from sterna.families.requests import ImportRequest, Request
from sterna.families.spiking_transformer.options import Calibrate, Images, Samples
from sterna.families.steps.options import (
    BoardShape,
    CheckedDevice,
    Config,
    Inputs,
    Labels,
    Outputs,
    Recordings,
    Rounding,
    RunSteps,
    Seed,
    Shape,
    Silent,
    Skip,
    Steps,
)
from sterna.families.steps.reading import reading, unread_of_eval
from sterna.files.manifest import Format
from sterna.options import Group, Reading
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.spiking_transformer.version import Version

_ON_BOARD = (BoardShape, BoardClock, Weights, common.Snapshots)


RANDOM = "random weights in any shape; what is left out has these values"


def reads(name: str, defaults: Mapping[str, int]) -> dict[str, str]:
    """What a family of this name opens."""
    return {"a folder that `sterna import` wrote": "a model with its weights and what its maps "
            "reach", form(defaults, name): RANDOM}


class TransformerFamily(ABC):
    """Networks of convolutions and spiking attention that run in time steps."""

    name: str
    kind = "a spiking transformer"
    plural = "spiking networks"
    reads: dict[str, str]
    imports: dict[str, str]
    coverage: Coverage
    format: Format
    stem: str
    """A tensor that every checkpoint has."""
    models: Mapping[str, ShippedModel] = {}
    """Those that come with it; each has a task."""
    options: dict[str, tuple[type[Group], ...]] = {
        "run": (Inputs, Rounding, RunSteps, Seed, Outputs, Config, Shape, common.Snapshots,
                common.Saved, common.Image, common.Timeout),
        "load": (Config, Shape, common.Snapshots, common.Image, common.Timeout),
        "verify": (Inputs, Rounding, Steps, Skip, Config, Shape, common.Snapshots),
        "bench": (Steps, Silent, Config, BoardShape, common.Snapshots, common.Timeout, BoardClock,
                  Weights, Baud),
        "estimate": _ON_BOARD,
        "report": (*_ON_BOARD, Inputs, Rounding, Steps, Seed),
        "sweep": _ON_BOARD,
        "build": (*_ON_BOARD, Baud),
        "rtl": (Config, BoardShape, common.Snapshots, BoardClock, Baud),
        "eval": (Labels, Recordings, Rounding, Samples, Seed, CheckedDevice, Config, Shape,
                 common.Timeout),
        "simulate": (Config, Shape, common.Snapshots),
        "program": (),
        "import": (Images, Calibrate),
    }

    @abstractmethod
    def version(self) -> Version:
        """Its names, shapes and arithmetic."""

    def shipped(self) -> Sequence[ShippedModel]:
        """Those that were trained here."""
        return list(self.models.values())

    def recognises(self, model: str) -> bool:
        """Whether the argument names one that is shipped, a random one, or a folder."""
        return (model in self.models or random_family(model) == self.name
                or is_of(Path(model), self.format, ""))

    def reading(self, request: Request) -> Reading:
        """As every family of step networks."""
        unread: dict[type[Group], str] = {}
        if request.command == "eval":
            labelled = "data" in request.options
            if labelled:
                unread[Seed] = "is of random images; --data has its own"
            or_task = "".join(f", or a model with a task: {name}" for name in self.models)
            unread |= unread_of_eval(request, "" if labelled or request.model in self.models else (
                f"is of samples with labels; give --data FILE{or_task}"))
        return reading(request, self.options[request.command], unread)

    def open(self, request: Request, report: Report) -> Model:
        """Random weights, shipped ones, or those of a folder."""
        from sterna.families.spiking_transformer.model import open_model

        del report
        assert request.model is not None
        return open_model(self.version(), request.model)

    def takes(self, source: str) -> bool:
        """Whether it is a checkpoint of these."""
        from sterna.families.spiking_transformer.sources import is_checkpoint

        return is_checkpoint(source, self.stem)

    def import_model(self, request: ImportRequest, report: Report) -> Sequence[str]:
        """A checkpoint becomes a model folder."""
        from sterna.families.spiking_transformer.import_checkpoint import import_checkpoint

        return import_checkpoint(self.version(), request, report)
