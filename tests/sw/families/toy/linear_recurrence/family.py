"""How recurrences are named, and their options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sterna.families import common
from sterna.families.family import Model, ShippedModel
from sterna.families.folder import is_of, model_format
from sterna.families.requests import ImportRequest, Request
from sterna.families.steps.options import (
    BoardShape,
    Config,
    Inputs,
    Outputs,
    Rounding,
    RunSteps,
    Seed,
    Shape,
    Skip,
    Steps,
)
from sterna.families.steps.reading import reading
from sterna.options import Group, Reading, option
from sterna.progress import Report
from sterna_boards.options import BoardClock

FORMAT, SUFFIX = model_format("linear-recurrence", 1), ".recurrence.json"


@dataclass(frozen=True)
class Horizon:
    """How long both are compared."""

    horizon: int = option(32, "Time steps to compare (32).")


class LinearRecurrence:
    """Numbers that decay and are added to."""

    name = "linear-recurrence"
    kind = "a linear recurrence"
    plural = "linear recurrences"
    reads = {"a folder that `sterna import` wrote": "a recurrence"}
    imports = {f"a file ({SUFFIX})": "decays and weights"}
    options: dict[str, tuple[type[Group], ...]] = {
        "run": (Inputs, Rounding, RunSteps, Seed, Outputs, Config, Shape, common.Image,
                common.Timeout),
        "verify": (Inputs, Rounding, Steps, Skip, Config, Shape),
        "estimate": (BoardShape, BoardClock),
        "eval": (Horizon, Seed),
        "import": (),
    }

    def shipped(self) -> Sequence[ShippedModel]:
        """None."""
        return []

    def recognises(self, model: str) -> bool:
        """By the manifest."""
        return is_of(Path(model), FORMAT, "")

    def reading(self, request: Request) -> Reading:
        """As every family of time steps."""
        return reading(request, self.options[request.command])

    def open(self, request: Request, report: Report) -> Model:
        """The recurrence of a folder."""
        from linear_recurrence.model import load

        del report
        return load(Path(str(request.model)))

    def takes(self, source: str) -> bool:
        """By the name of the file."""
        return source.endswith(SUFFIX)

    def import_model(self, request: ImportRequest, report: Report) -> Sequence[str]:
        """A file becomes a folder."""
        from linear_recurrence.model import import_file

        del report
        return import_file(Path(str(request.model)), request.output)
