"""An accelerator for tokens without a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sterna_boards.estimate.limits import check_possible
from sterna_boards.options import Baud

from sterna.families.family import Exported
from sterna.families.requests import ExportRequest
from sterna.families.tokens.shape import TokenShape
from sterna.machine.machine import with_rate
from sterna.machine.presets import PRESETS
from sterna.progress import Report


class BareShape:
    """The shape of ``--config``, to be written as it is."""

    name = "configuration"

    def __init__(self, sources: Sequence[Path]) -> None:
        self.sources = sources

    def export(self, request: ExportRequest, report: Report) -> Exported:
        """The machine without an image."""
        del report
        options = request.options
        machine = options.take(TokenShape).base()
        check_possible(machine)
        return Exported(with_rate(machine, 0, options.take(Baud).rate or None))

    def close(self) -> None:
        """Nothing to give back."""


def config_sources(config: str | None) -> list[Path]:
    """The user's file that ``--config`` names."""
    return [] if config is None or config in PRESETS else [Path(config)]
