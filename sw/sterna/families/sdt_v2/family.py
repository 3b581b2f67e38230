"""The family of Spike-driven Transformers V2."""

from __future__ import annotations

from collections.abc import Sequence

from sterna_boards.options import Baud, BoardClock, Weights

from sterna.errors import InputError
from sterna.families import common
from sterna.families.family import Coverage, Model, ShippedModel
from sterna.families.random_name import form, random_family
from sterna.families.requests import ImportRequest, Request
from sterna.families.sdt_v2.names import DEFAULTS, NAME
from sterna.families.steps.options import (
    BoardShape,
    Config,
    Inputs,
    Outputs,
    Rounding,
    RunSteps,
    Seed,
    Shape,
    Silent,
    Skip,
    Steps,
)
from sterna.families.steps.reading import reading
from sterna.options import Group, Reading
from sterna.progress import Report

_ON_BOARD = (BoardShape, BoardClock, Weights, common.Snapshots)


RANDOM = "random weights in any shape; what is left out has these values"


class SdtV2:
    """Networks of convolutions and spiking attention that run in time steps."""

    name: str = NAME
    kind = "a spiking transformer"
    plural = "spiking networks"
    reads = {form(DEFAULTS, NAME): RANDOM}
    imports: dict[str, str] = {}
    coverage = Coverage("5", ())
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
        "eval": (Seed,),
        "simulate": (Config, Shape, common.Snapshots),
        "program": (),
    }

    def shipped(self) -> Sequence[ShippedModel]:
        """None."""
        return ()

    def recognises(self, model: str) -> bool:
        """Whether the argument names a random one."""
        return random_family(model) == self.name

    def reading(self, request: Request) -> Reading:
        """As every family of step networks."""
        return reading(request, self.options[request.command])

    def open(self, request: Request, report: Report) -> Model:
        """Random weights."""
        from sterna.families.sdt_v2.model import open_random

        del report
        assert request.model is not None
        return open_random(request.model)

    def takes(self, source: str) -> bool:
        """No checkpoint yet."""
        del source
        return False

    def import_model(self, request: ImportRequest, report: Report) -> Sequence[str]:
        """Nothing is taken."""
        raise InputError(f"{request.model}: {self.name} has random models only")
